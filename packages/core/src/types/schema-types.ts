/** Whatever carries the types of a Standard Schema. Looking no further, it is cheaper to ask for than the whole. */
interface Typed {
  readonly "~standard": {
    readonly types?: { readonly input: unknown; readonly output: unknown } | undefined;
  };
}

/** What a schema takes: the type on the wire. */
export type WireOf<TSchema> = TSchema extends Typed
  ? NonNullable<TSchema["~standard"]["types"]>["input"]
  : never;

/** What a schema gives: the type that is read. */
export type ReadOf<TSchema> = TSchema extends Typed
  ? NonNullable<TSchema["~standard"]["types"]>["output"]
  : never;
