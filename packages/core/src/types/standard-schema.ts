/**
 * A schema of any library that speaks Standard Schema: zod, valibot, arktype and others.
 *
 * Source: the Standard Schema specification, version 1, standardschema.dev. It is written here so that no declaration
 * file of ours needs another package; being structural, it accepts every schema that follows the specification.
 */
export interface StandardSchemaV1<TInput = unknown, TOutput = TInput> {
  readonly "~standard": StandardSchemaProperties<TInput, TOutput>;
}

/** What a schema tells about itself, under the key `~standard`. */
export interface StandardSchemaProperties<TInput = unknown, TOutput = TInput> {
  readonly version: 1;
  /** The name of the library that made the schema. */
  readonly vendor: string;
  /** Checks a value and decodes it. It reports what is wrong in its result and does not throw. */
  readonly validate: (
    value: unknown,
  ) => StandardSchemaResult<TOutput> | Promise<StandardSchemaResult<TOutput>>;
  /** Only for the compiler: no value exists at run time. */
  readonly types?: StandardSchemaTypes<TInput, TOutput> | undefined;
}

/** What a schema takes and what it gives, for the compiler only. */
export interface StandardSchemaTypes<TInput = unknown, TOutput = TInput> {
  readonly input: TInput;
  readonly output: TOutput;
}

/** The result of a validation: the decoded value, or the issues found. */
export type StandardSchemaResult<TOutput> =
  | { readonly value: TOutput; readonly issues?: undefined }
  | { readonly issues: readonly StandardSchemaIssue[] };

/** One thing that is wrong with a value. */
export interface StandardSchemaIssue {
  readonly message: string;
  /** Where in the value it is, from the outside in. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
