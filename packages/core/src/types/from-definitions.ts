import type { ReadOf, WireOf } from "./schema-types.ts";

/**
 * The plain shape of definitions given by value. Lazy: a property is computed when it is read. Hovers and declaration
 * files show plain types and no schema library.
 */
// Through `infer`, and with no alias for what it gives: an alias would print the schemas again.
export type FromDefinitions<T> = T extends infer TDefinitions
  ? {
      -readonly [TName in keyof TDefinitions]: {
        [
          TKey in keyof TDefinitions[TName] | DecodedKey<TDefinitions[TName]>
        ]: TKey extends keyof TDefinitions[TName]
          ? TKey extends "input" | "output"
            ? WireOf<TDefinitions[TName][TKey]>
            : TKey extends "continueWith"
              ? NamesIn<TDefinitions[TName][TKey]>
              : TKey extends "blockers"
                ? TDefinitions[TName][TKey] extends infer TSlots
                  ? {
                      -readonly [
                        TSlot in keyof TSlots
                      ]: TSlots[TSlot] extends readonly (infer TSlotName)[]
                        ? TSlotName[]
                        : TSlots[TSlot];
                    }
                  : never
                : TDefinitions[TName][TKey]
          : TDefinitions[TName] extends infer TDefinition
            ? { [TField in keyof TDefinition & ("input" | "output")]: ReadOf<TDefinition[TField]> }
            : never;
      };
    }
  : never;

type NamesIn<TNames> = TNames extends readonly (infer TName)[] ? TName : TNames;

/** "decoded" where decoding changes a type, so that the common case prints nothing. */
type DecodedKey<TDefinition> = {
  [TKey in keyof TDefinition]: TKey extends "input" | "output"
    ? [WireOf<TDefinition[TKey]>, ReadOf<TDefinition[TKey]>] extends [
        ReadOf<TDefinition[TKey]>,
        WireOf<TDefinition[TKey]>,
      ]
      ? never
      : "decoded"
    : never;
}[keyof TDefinition];
