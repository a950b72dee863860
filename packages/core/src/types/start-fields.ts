import type { Chain, CompletedChain } from "./chain.ts";
import type { BlockersOf, EmptyRecord, InputOf } from "./look-ups.ts";
import type { ChainOutput } from "./reach.ts";

/** The field `input`: left out where the job type takes none. */
export type InputField<TInput> = undefined extends TInput ? { input?: TInput } : { input: TInput };

/** The field `blockers`: there when the job type has slots. */
// `unknown` vanishes from an intersection, and so from messages.
export type BlockersField<TSlots> = EmptyRecord extends TSlots
  ? unknown
  : { blockers: BlockersGiven<TSlots> };

/** The chains to wait for, by slot: one chain, or a list of chains in the order in which they are to be read. */
export type BlockersGiven<TSlots> = { [TSlot in keyof TSlots]: SlotGiven<TSlots[TSlot]> };
type SlotGiven<TSlot> = TSlot extends readonly (infer TName extends string)[]
  ? readonly Chain<TName>[]
  : Chain<TSlot & string>;

/** The completed chains that a job waited for, by slot. */
// Through `infer`, so that no alias survives and a hover prints a record of slots. An output is computed when it is read.
export type BlockersRead<T, TSlots> = TSlots extends infer TGiven
  ? { readonly [TSlot in keyof TGiven]: SlotRead<T, TGiven[TSlot]> }
  : never;
type SlotRead<T, TSlot> = TSlot extends readonly (infer TName)[]
  ? readonly Completed<T, TName>[]
  : Completed<T, TSlot>;
type Completed<T, TName> = TName extends keyof T & string
  ? CompletedChain<TName, ChainOutput<T, TName>>
  : never;

/** When and how urgently a job runs. */
export interface ScheduleOptions {
  /** 0 to 9; a lower number is claimed first among the ready jobs of a type. Default 5. */
  priority?: number | undefined;
  /** The earliest time to run, by the database's clock. Not together with `delayMs`. Default: at once. */
  scheduledAt?: Date | undefined;
  /** The earliest time to run, as milliseconds from the write, by the database's clock. Not together with `scheduledAt`. */
  delayMs?: number | undefined;
}

/** Returns the chain that exists instead of starting a second one. */
export interface DeduplicationOptions {
  /** Compared within the job type that the chain starts with. */
  key: string;
  /** Whether only an open chain counts as existing, or one that has ended as well. Default "open". */
  scope?: "open" | "any" | undefined;
  /** How long after its start a chain counts as existing, in ms; a worker's `retention` keeps it so long. Default: for as long as `scope` says and it is kept. */
  windowMs?: number | undefined;
  /**
   * What happens to the chain that exists, as long as its first job has not begun. "keep" leaves it as it is, "replace"
   * gives it the new input and priority, "debounce" does so and moves it to the new schedule. What has begun is kept.
   * Default "keep".
   */
  onDuplicate?: "keep" | "replace" | "debounce" | undefined;
}

/** What a start may add to its type, input and blockers. */
export interface StartOptions extends ScheduleOptions {
  /**
   * The chain's id: a UUIDv7 in lower case. Starting the same id twice returns the first chain. One that was deleted is best
   * not used again.
   */
  id?: string | undefined;
  deduplication?: DeduplicationOptions | undefined;
  /** Written once, at the start, for lists and searches. */
  labels?: Readonly<Record<string, string>> | undefined;
}

/** What a start of `K` takes beside its type. */
// Distributes over K: where a name is wrong, K becomes every name, and the input is not blamed as well.
export type StartFields<T, K> = K extends keyof T
  ? InputField<InputOf<T, K>> & BlockersField<BlockersOf<T, K>> & StartOptions
  : never;

/** The job types that a definition may continue with, each with what it takes. */
// Only that part of T, so that `continueWith` names no other type in its messages.
export type NextJobs<T, TDefinition> = TDefinition extends {
  readonly continueWith: infer TNames extends keyof T;
}
  ? { [K in TNames]: InputField<InputOf<T, K>> & BlockersField<BlockersOf<T, K>> & ScheduleOptions }
  : EmptyRecord;
