import type { JobTypes } from "./job-types.ts";
import type { EntryName, NextName } from "./look-ups.ts";

/** The plain shape of one slice, or of a list of slices together. */
// One mapped type over the intersection: reading properties of a bare intersection of 20 slices is ten times slower.
export type MergedTypes<TJobTypes> =
  TJobTypes extends JobTypes<infer TTypes> ? TTypes : Flat<TypesOfSlices<TJobTypes>>;
type Flat<T> = { [TName in keyof T]: T[TName] };

/** The plain shapes of a list of slices, as an intersection. */
export type TypesOfSlices<TSlices> = TSlices extends readonly [
  JobTypes<infer TFirst>,
  ...infer TRest,
]
  ? TFirst & TypesOfSlices<TRest>
  : unknown;

/**
 * Stands beside the slices in a parameter: `unknown` where each slice is alone with its names and all it refers to is
 * there; a sentence at the slice where not.
 */
export type CheckSlices<TJobTypes> =
  TJobTypes extends JobTypes<infer TTypes>
    ? CheckSlice<TTypes, never, TTypes>
    : CheckSliceList<TJobTypes, never, TypesOfSlices<TJobTypes>>;

type CheckSliceList<TSlices, TSeen, TAll> = TSlices extends readonly [
  JobTypes<infer TTypes>,
  ...infer TRest,
]
  ? readonly [CheckSlice<TTypes, TSeen, TAll>, ...CheckSliceList<TRest, TSeen | keyof TTypes, TAll>]
  : readonly [];

type CheckSlice<TTypes, TSeen, TAll> = [keyof TTypes & TSeen] extends [never]
  ? Exclude<References<TTypes>, keyof TAll> extends infer TMissing extends string
    ? [TMissing] extends [never]
      ? CheckBlockers<TAll, BlockerNames<TTypes>>
      : `This slice refers to "${TMissing}". Give the slice that defines it, too.`
    : never
  : `Two slices define the job type "${keyof TTypes & TSeen & string}".`;

type CheckBlockers<TAll, TNames> = [TNames] extends [never]
  ? unknown
  : [Exclude<TNames, EntryName<TAll>>] extends [never]
    ? unknown
    : `A blocker is a chain, and "${Exclude<TNames, EntryName<TAll>> & string}" cannot start one: it lacks entry: true.`;

type References<TTypes> = NextName<TTypes[keyof TTypes]> | BlockerNames<TTypes>;
type BlockerNames<TTypes> = NamesInSlots<TTypes[keyof TTypes]>;
type NamesInSlots<TDefinition> = TDefinition extends { readonly blockers: infer TSlots }
  ? NameInSlot<TSlots[keyof TSlots]>
  : never;
type NameInSlot<TSlot> = TSlot extends readonly (infer TName)[] ? TName : TSlot;
