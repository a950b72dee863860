// Each look-up costs the same whatever the number of job types: none walks the map but EntryName.

/** No property at all: the context of a client without middleware, the blockers of a job that waits for nothing. */
export type EmptyRecord = Record<never, never>;

/** The job types that a chain may start with. */
export type EntryName<T> = {
  [K in keyof T]: T[K] extends { readonly entry: true } ? K : never;
}[keyof T] &
  string;

/** What a start or a continuation gives, and what is stored: JSON. `undefined` where the job type takes no input. */
export type InputOf<T, K extends keyof T> = T[K] extends { readonly input: infer TInput }
  ? TInput
  : OptionalOf<T[K], "input">;

/** What a definition gives as `input?:` or `output?:`, which is the same as a union with `undefined`; `undefined` where it gives none. */
export type OptionalOf<TDefinition, TKey extends string> = TKey extends keyof TDefinition
  ? TDefinition[TKey]
  : undefined;

/** What the handler receives: the stored input as the schema decodes it. */
export type JobInput<T, K extends keyof T> = T[K] extends {
  readonly decoded: { readonly input: infer TInput };
}
  ? TInput
  : InputOf<T, K>;

type OutputOfDefinition<TDefinition> = TDefinition extends { readonly output: infer TOutput }
  ? TOutput
  : TDefinition extends { readonly continueWith: string }
    ? never
    : OptionalOf<TDefinition, "output">;

/** The output as it is read: as the schema decodes it. Distributes over a union of definitions. */
export type ReadOutput<TDefinition> = TDefinition extends { readonly output: unknown }
  ? TDefinition extends { readonly decoded: { readonly output: infer TOutput } }
    ? TOutput
    : OutputOfDefinition<TDefinition>
  : OutputOfDefinition<TDefinition>;

/** The job types that a definition may continue with. Distributes over a union of definitions. */
export type NextName<TDefinition> = TDefinition extends { readonly continueWith: infer TNames }
  ? TNames
  : never;

/** The slots of a job type: slot → the name of the blocking chain's type, or a list of it. */
export type BlockersOf<T, K extends keyof T> = T[K] extends { readonly blockers: infer TSlots }
  ? TSlots
  : EmptyRecord;
