import type { CheckBlockerName, CheckName, UnknownKey } from "./check-names.ts";
import type { Json } from "./json.ts";

/**
 * The constraint of slices that are defined by types alone: equal to `T` where it is right, a sentence where it is not.
 * `TAll` holds every name that the slice may refer to.
 */
export type CheckTypes<T, TAll> = { [TName in keyof T]: CheckType<T[TName], TAll> };

type CheckType<TDefinition, TAll> = {
  [TKey in keyof TDefinition]: TKey extends "entry"
    ? true
    : TKey extends "input" | "output"
      ? Json<TDefinition[TKey]>
      : TKey extends "continueWith"
        ? CheckName<TAll, TDefinition[TKey]>
        : TKey extends "blockers"
          ? { [TSlot in keyof TDefinition[TKey]]: CheckSlot<TAll, TDefinition[TKey][TSlot]> }
          : UnknownKey<TKey>;
};

type CheckSlot<TAll, TSlot> = TSlot extends readonly (infer TName)[]
  ? readonly CheckBlockerName<TAll, TName>[]
  : CheckBlockerName<TAll, TSlot>;
