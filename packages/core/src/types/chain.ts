/** A handle to a chain: enough to await it, to wait for it as a blocker, or to act on it. A plain object of these two fits. */
export interface Chain<out TName extends string = string> {
  /** The chain's id. It is the same as the `chainId` of each of its jobs. */
  readonly id: string;
  /** The job type that the chain started with. */
  readonly type: TName;
}

/** What a start returns: the chain that exists now, and whether this call created it. */
export interface StartedChain<out TName extends string = string> extends Chain<TName> {
  /**
   * `false` when this call created the chain. Else the chain existed: by its deduplication key, and it was kept as it
   * was, given the new input (`replaced`), or moved to the new schedule as well (`debounced`); or by the id that the
   * caller supplied (`same id`), and nothing was changed.
   */
  readonly deduplicated: false | "kept" | "replaced" | "debounced" | "same id";
}

/** A chain with its output: what `awaitChain` resolves to and what a handler reads from its blockers. */
export interface CompletedChain<
  out TName extends string = string,
  out TOutput = unknown,
> extends Chain<TName> {
  readonly status: "completed";
  /** The output of the chain's last job, as that job type's schema decodes it. */
  readonly output: TOutput;
}

/** A chain that has not ended yet: one of its jobs is blocked, scheduled, waiting, ready or running. */
export interface OpenChain<out TName extends string = string> extends Chain<TName> {
  readonly status: "open";
}

/** A chain whose last job failed. It is kept and can be redriven; chains and jobs that wait for it go on waiting. */
export interface FailedChain<out TName extends string = string> extends Chain<TName> {
  readonly status: "failed";
  /** The error of the last attempt, as it was stored. */
  readonly error: { readonly name: string; readonly message: string; readonly stack?: string };
}

/** A chain that was cancelled. */
export interface CancelledChain<out TName extends string = string> extends Chain<TName> {
  readonly status: "cancelled";
  /** The reason that was given, or `null` when none was. */
  readonly reason: string | null;
}

/** A chain as it stands at the moment of the read; tell the cases apart by `status`. */
export type ChainSnapshot<TName extends string = string, TOutput = unknown> = {
  readonly createdAt: Date;
  /** When the chain ended, or `null` while it is open. */
  readonly closedAt: Date | null;
  readonly labels: Readonly<Record<string, string>>;
} & (
  | OpenChain<TName>
  | CompletedChain<TName, TOutput>
  | FailedChain<TName>
  | CancelledChain<TName>
);
