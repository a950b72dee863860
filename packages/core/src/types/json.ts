import type { StandardSchemaV1 } from "./standard-schema.ts";

/** What a database column of JSON gives back as it was put in. An absent property may be written as `undefined`. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/**
 * `T` where JSON can carry it, a sentence where it cannot: `T extends Json<T>` asks whether a round trip through JSON
 * gives back the same type.
 *
 * Interfaces, recursive interfaces, brands, enums, optional properties, tuples and `any` pass. What types cannot see
 * (NaN, class instances with private fields, extra properties) is checked when the value is stored.
 */
// The question whether T is a JsonValue stands first: without it the mapped type dives for ever into JsonValue itself.
export type Json<T> = 0 extends 1 & T
  ? T
  : unknown extends T
    ? "JSON cannot promise to carry an unknown value. Use JsonValue, or name the shape."
    : T extends JsonValue | undefined
      ? T
      : T extends bigint
        ? "JSON cannot carry a bigint. Use a string."
        : T extends symbol
          ? "JSON cannot carry a symbol."
          : T extends (...args: never[]) => unknown
            ? "JSON cannot carry a function."
            : T extends Date
              ? "JSON cannot carry a Date. Use an ISO string or milliseconds, or a schema that decodes one."
              : T extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
                ? "JSON cannot carry a Map or a Set. Use an array or a plain object."
                : T extends ArrayBufferView | ArrayBuffer
                  ? "JSON cannot carry binary data. Use a base64 string, or store it and pass its key."
                  : T extends readonly unknown[]
                    ? { [TIndex in keyof T]: JsonElement<T[TIndex]> }
                    : { [TKey in keyof T]: TKey extends symbol ? T[TKey] : Json<T[TKey]> };

type JsonElement<T> = 0 extends 1 & T
  ? T
  : undefined extends T
    ? unknown extends T
      ? Json<T>
      : "JSON turns undefined in an array into null. Use null."
    : Json<T>;

const jsonSchema: StandardSchemaV1<never, never> = Object.freeze({
  "~standard": Object.freeze({
    version: 1,
    vendor: "queuert",
    validate: (value: unknown) => ({ value: value as never }),
  }),
});

/**
 * A schema that only the compiler sees: `input: json<{ orderId: string }>()`.
 *
 * It is a Standard Schema that accepts every value as it is. That the type is one that JSON can carry is checked where
 * the schema is used, in {@link defineJobTypes}; that the value is one, when it is stored.
 */
export function json<T>(): StandardSchemaV1<T, T> {
  return jsonSchema as StandardSchemaV1<unknown, unknown> as StandardSchemaV1<T, T>;
}
