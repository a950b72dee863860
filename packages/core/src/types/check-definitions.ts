import type { CheckBlockerName, CheckName, UnknownKey } from "./check-names.ts";
import type { Json } from "./json.ts";
import type { WireOf } from "./schema-types.ts";
import type { StandardSchemaV1 } from "./standard-schema.ts";

/**
 * The constraint of slices that are defined by value: names are completed and checked here, at their own place.
 * `TAll` holds every name that the slice may refer to.
 */
export type CheckDefinitions<T, TAll> = {
  readonly [TName in keyof T]: CheckDefinition<T[TName], TAll>;
};

// `input` and `output` must not name T: the compiler would infer the schemas' type arguments from the constraint.
type CheckDefinition<TDefinition, TAll> = {
  readonly [TKey in keyof TDefinition]: TKey extends "entry"
    ? true
    : TKey extends "input" | "output"
      ? StandardSchemaV1
      : TKey extends "continueWith"
        ? CheckNames<TAll, TDefinition[TKey]>
        : TKey extends "blockers"
          ? {
              readonly [TSlot in keyof TDefinition[TKey]]: CheckSlot<
                TAll,
                TDefinition[TKey][TSlot]
              >;
            }
          : UnknownKey<TKey>;
};

type CheckNames<TAll, TNames> = TNames extends readonly unknown[]
  ? { readonly [TIndex in keyof TNames]: CheckName<TAll, TNames[TIndex]> }
  : CheckName<TAll, TNames>;

type CheckSlot<TAll, TSlot> = TSlot extends readonly unknown[]
  ? TSlot extends readonly [infer TName]
    ? readonly [CheckBlockerName<TAll, TName>]
    : 'A list of blockers names one job type: ["item.fetch"].'
  : CheckBlockerName<TAll, TSlot>;

/**
 * Stands beside `T` in the parameter: `unknown` where JSON carries what the schema takes, which changes no inference;
 * a sentence with its path where it does not.
 */
export type CheckWire<T> = {
  readonly [TName in keyof T]: {
    readonly [TKey in keyof T[TName]]: TKey extends "input" | "output"
      ? JsonProblem<WireOf<T[TName][TKey]>, TKey>
      : unknown;
  };
};

type JsonProblem<T, TPath extends string> = unknown extends T
  ? unknown
  : T extends Json<T>
    ? unknown
    : ProblemAt<T, Json<T>, TPath>;

// Only computed to explain: Json has decided already.
type ProblemAt<T, TJson, TPath extends string> = TJson extends string
  ? T extends string
    ? never
    : `${TPath}: ${TJson}`
  : T extends readonly unknown[]
    ? TJson extends readonly unknown[]
      ? ProblemAt<T[number], TJson[number], `${TPath}[]`>
      : never
    : T extends object
      ? {
          [TKey in keyof T & keyof TJson & string]: T[TKey] extends TJson[TKey]
            ? never
            : ProblemAt<T[TKey], TJson[TKey], `${TPath}.${TKey}`>;
        }[keyof T & keyof TJson & string]
      : never;
