import type {
  CancelChainResult,
  ChainResult,
  DeleteChainResult,
  NewSchedule,
  WriteOptions,
} from "../../engine/write-api.ts";
import type { ChainSelection, ChainSummary } from "../inspect/inspect-api.ts";

/** What an operator can do. */
export type OperateAction =
  | "cancel"
  | "redrive"
  | "trigger"
  | "reschedule"
  | "delete"
  | "pause"
  | "resume";

/** What `authorize` is asked. */
export interface AuthorizeRequest {
  readonly action: OperateAction;
  readonly actor: string | undefined;
  /** The chains that are named or matched; empty for `pause` and `resume`. */
  readonly chainIds: readonly string[];
  /** The types to pause or resume, or those that the chains started with; each once. */
  readonly types: readonly string[];
  /** Whether chains that wait for these, or name them as blockers, fall with them. */
  readonly cascade: boolean;
}

/** The part of the client's `operations` options that is about actions. */
export interface OperateOptions {
  /** Whether an action may be done; asked before anything is written, for a dry run too. Default: every action may. */
  authorize?: (request: AuthorizeRequest) => boolean | Promise<boolean>;
  /** Who acts when a call does not say. */
  actor?: string;
}

/** Who acts, why, and in which transaction. */
export interface ActionOptions<TTransaction> extends WriteOptions<TTransaction> {
  /** Who acts, for `authorize` and the audit event. Default: that of the client's options. */
  actor?: string;
  /** Why, for the audit event; a cancellation keeps it with the chain. */
  reason?: string;
}

/** Which chains, and how many of them at most. */
export interface MatchingOptions<TTransaction> extends ActionOptions<TTransaction> {
  /** Looked up outside of `tx`, oldest first. Statuses to which the action does not apply are left out. */
  filter: ChainSelection;
  /** 1 to 1,000. Default 100. */
  max?: number;
  /** Only say what would be done. Default true. */
  isDryRun?: boolean;
}

/** What an action on matching chains came to. */
export interface MatchingResult {
  readonly isDryRun: boolean;
  /** Chains that matched, no more than `max`. */
  readonly matchedCount: number;
  /** Chains that were changed: 0 in a dry run, fewer than matched where the action did not apply or others wait for the chain. */
  readonly affectedCount: number;
  /** More than `max` match: repeat for the rest. */
  readonly isTruncated: boolean;
  /** The first 10 that matched, as they were before. */
  readonly sample: readonly ChainSummary[];
}

/**
 * Actions for people and tools: the client's, with permissions and an audit. Each call takes at most 1,000 chains, asks `authorize`, acts,
 * and lets the event `operate.action` follow after the commit; in a transaction that the client cannot observe, that event is lost.
 *
 * @throws OperationRefusedError when `authorize` says no; nothing was written.
 * @throws OptionInvalidError for an option out of its range.
 */
export interface Operate<TTransaction> {
  /** Cancels open chains, as `client.cancel` does. */
  cancel(
    options: ActionOptions<TTransaction> & {
      chainIds: readonly string[];
      /** Cancels those that wait for them, too. Default false. */
      cascade?: boolean;
    },
  ): Promise<CancelChainResult[]>;

  /** Opens failed chains again, as `client.redrive` does. */
  redrive(
    options: ActionOptions<TTransaction> & { chainIds: readonly string[] },
  ): Promise<ChainResult<"redriven" | "notFound" | "notFailed">[]>;

  /** Makes scheduled jobs ready at once, as `client.trigger` does. */
  trigger(
    options: ActionOptions<TTransaction> & { chainIds: readonly string[] },
  ): Promise<ChainResult<"triggered" | "notFound" | "notTriggerable">[]>;

  /** Moves open jobs to another time, as `client.reschedule` does. */
  reschedule(
    options: ActionOptions<TTransaction> & { chainIds: readonly string[] } & NewSchedule,
  ): Promise<ChainResult<"rescheduled" | "notFound" | "notReschedulable">[]>;

  /** Deletes chains, as `client.deleteChains` does. */
  deleteChains(
    options: ActionOptions<TTransaction> & {
      chainIds: readonly string[];
      /** Deletes those that name them as blockers, too. Default false. */
      cascade?: boolean;
    },
  ): Promise<DeleteChainResult[]>;

  /** Pauses job types: nothing of them is claimed any more, what runs goes on. Pausing a paused type is fine. */
  pauseTypes(options: ActionOptions<TTransaction> & { types: readonly string[] }): Promise<void>;

  /** Resumes job types. Resuming one that is not paused is fine. */
  resumeTypes(options: ActionOptions<TTransaction> & { types: readonly string[] }): Promise<void>;

  /** Cancels matching open chains; those that others wait for are left as they are. */
  cancelMatching(options: MatchingOptions<TTransaction>): Promise<MatchingResult>;

  /** Opens matching failed chains again. */
  redriveMatching(options: MatchingOptions<TTransaction>): Promise<MatchingResult>;

  /** Makes the scheduled jobs of matching open chains ready at once. */
  triggerMatching(options: MatchingOptions<TTransaction>): Promise<MatchingResult>;

  /** Moves the open jobs of matching open chains to another time. */
  rescheduleMatching(options: MatchingOptions<TTransaction> & NewSchedule): Promise<MatchingResult>;

  /** Deletes matching closed chains, and open ones only where `filter.statuses` names them; those that others name as blockers are left. */
  deleteMatching(options: MatchingOptions<TTransaction>): Promise<MatchingResult>;
}
