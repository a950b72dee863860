// The door for those who write a state or notify adapter: the ports, and the decisions that every adapter shares.
export type * from "./ports/state-adapter.ts";
export type * from "./ports/state-reads.ts";
export type { NotifyAdapter, WakeUpSubscription, WakeUpTopic } from "./ports/notify-adapter.ts";
export { systemClock, type Clock, type Timer } from "./ports/clock.ts";
export { systemChance, type Chance } from "./ports/chance.ts";
export { formatJobId, formatUuidV7, isUuidV7, parseJobId, type JobKey } from "./model/ids.ts";
export {
  chainStatuses,
  finalJobStatuses,
  isFinalJobStatus,
  jobStatuses,
  type ChainStatus,
  type JobStatus,
} from "./model/status.ts";
export {
  chainStatusOf,
  jobStatusesBefore,
  jobTransitions,
  nextJobStatuses,
  spentJobStatuses,
  waitingStatus,
  type JobEvent,
} from "./model/transitions.ts";
export { closeOverHolders, type ChainClosure } from "./model/chain-closure.ts";
export { scheduledAtMs, type Schedule } from "./model/schedule.ts";
export {
  ageBound,
  resolveRetention,
  type AgeBound,
  type ClosedChainStatus,
  type RetentionOptions,
  type RetentionRule,
  type RetentionRules,
} from "./model/retention.ts";
export {
  decideDeduplication,
  keyKeptUntilMs,
  type DeduplicatedChain,
  type Deduplication,
  type DeduplicationDecision,
} from "./model/deduplication.ts";
export { QueuertError } from "./errors/queuert-error.ts";
export { BlockerUnusableError, ChainIdConflictError } from "./errors/chain-errors.ts";
export {
  StoreConflictError,
  StoreSetupError,
  StoreUnavailableError,
  TransactionInvalidError,
  TransactionNestedError,
} from "./errors/store-errors.ts";
export type { LostReason } from "./errors/attempt-errors.ts";
