import type { ChainStatus } from "../model/status.ts";
import type { TransactionHooks } from "./transaction-hooks.ts";

/** The transaction of a call that writes: the user's own, as the state adapter names it, or one that the call makes and commits by itself. */
export type TransactionChoice<TTransaction> = TTransaction | "autocommit";

/** Which transaction a call writes in, and who sends its signals after the commit. */
export interface WriteOptions<TTransaction> {
  /**
   * The transaction to write in. What the call wrote exists if and only if it commits (P1). `"autocommit"`: the call has
   * committed when it resolves.
   */
  tx: TransactionChoice<TTransaction>;
  /**
   * Holds the signals back until the transaction has committed. Needed only for a transaction that was opened without
   * the client: one of `client.transaction` has hooks already. With neither, the writes are as safe, and the wake-up
   * falls to polling.
   */
  hooks?: TransactionHooks | undefined;
}

/** What one id of a list came to. */
export interface ChainResult<TOutcome extends string> {
  readonly chainId: string;
  readonly outcome: TOutcome;
}

/** What `cancel` answers for a chain. `hasDependants`: `dependants` wait for it, and nothing was changed; ask again with `cascade`. */
export type CancelChainResult =
  | ChainResult<"cancelled" | "notFound" | "alreadyClosed">
  | (ChainResult<"hasDependants"> & { readonly dependants: readonly string[] });

/** What `deleteChains` answers for a chain. `referenced`: `references` name it as a blocker, and nothing was changed; ask again with `cascade`. */
export type DeleteChainResult =
  | ChainResult<"deleted" | "notFound">
  | (ChainResult<"referenced"> & { readonly references: readonly string[] });

/** What `completeChain` did. Everything but the first means that nothing was changed. */
export type CompleteChainResult =
  /** The open job was completed, and the chain with it; or it was continued. */
  | { readonly outcome: "completed" | "continued" }
  | { readonly outcome: "notFound" }
  | { readonly outcome: "notOpen"; readonly chainStatus: Exclude<ChainStatus, "open"> }
  /** The chain has come to a job of another type. */
  | { readonly outcome: "otherType"; readonly type: string }
  /** The open job still waits for its blockers. */
  | { readonly outcome: "blocked" };

/** When to run instead: at an instant, or some milliseconds from the write; both by the database's clock. */
export type NewSchedule =
  | { scheduledAt: Date; delayMs?: never }
  | { delayMs: number; scheduledAt?: never };
