import type { StandardSchemaV1 } from "./standard-schema.ts";

declare const typesOf: unique symbol;

/**
 * A slice of job types: what {@link defineJobTypes} gives and `createClient` takes.
 *
 * `TTypes` is the plain shape, name → `{ entry, input, output, continueWith, blockers }`, whatever form the slice was
 * written in.
 */
export interface JobTypes<out TTypes> {
  readonly [typesOf]: TTypes;
  /** The definitions by name, or `undefined` when the slice was defined by its types alone. Frozen. */
  readonly definitions: Readonly<Record<string, JobTypeDefinition>> | undefined;
  /** The slices that this one was allowed to refer to. They are not part of it. */
  readonly uses: readonly JobTypes<unknown>[];
}

/** One job type as it is known at run time. Frozen. */
export interface JobTypeDefinition {
  readonly name: string;
  /** Whether a chain may start with it. */
  readonly isEntry: boolean;
  readonly input?: StandardSchemaV1;
  readonly output?: StandardSchemaV1;
  /** The job types that a job of this type may continue with, each once. Empty: it ends its chain. */
  readonly continueWith: readonly string[];
  /** The chains that a job of this type waits for, by slot. */
  readonly blockers: Readonly<Record<string, BlockerSlot>>;
}

/** A named place for the chains that a job waits for. */
export interface BlockerSlot {
  /** The job type that the blocking chain starts with. */
  readonly type: string;
  /** Whether the slot takes any number of chains, in an order that is kept, or exactly one. */
  readonly isList: boolean;
}

/** The plain shape of a slice: `TypesOf<typeof jobTypes>`. */
export type TypesOf<TJobTypes> = TJobTypes extends JobTypes<infer TTypes> ? TTypes : never;
