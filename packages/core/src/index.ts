// The public surface of `queuert`. What is not named here is not public; adapters have a door of their own, `queuert/adapter`.
export { createClient } from "./client/create-client.ts";
export type {
  ChainCompletion,
  ChainReference,
  Client,
  ClientOf,
  ClientOptions,
  CreateClient,
} from "./client/client-api.ts";
export type {
  CancelChainResult,
  ChainResult,
  CompleteChainResult,
  DeleteChainResult,
  NewSchedule,
  TransactionChoice,
  WriteOptions,
} from "./engine/write-api.ts";
export type { TransactionHooks } from "./engine/transaction-hooks.ts";
export { createWorker, defineHandlers } from "./worker/create-worker.ts";
export type {
  CreateWorker,
  DefineHandlers,
  Handle,
  Handler,
  HandlerArguments,
  HandlerOptions,
  Handlers,
  HandlerSet,
  Worker,
  WorkerOptions,
} from "./worker/worker-api.ts";
export { defineJobTypes } from "./types/define-job-types.ts";
export { json, type Json, type JsonValue } from "./types/json.ts";
export type { BlockerSlot, JobTypeDefinition, JobTypes, TypesOf } from "./types/job-types.ts";
export type { StandardSchemaV1 } from "./types/standard-schema.ts";
export type {
  CancelledChain,
  Chain,
  ChainSnapshot,
  CompletedChain,
  FailedChain,
  OpenChain,
  StartedChain,
} from "./types/chain.ts";
export type {
  BlockersGiven,
  DeduplicationOptions,
  ScheduleOptions,
  StartOptions,
} from "./types/start-fields.ts";
export type { Job } from "./types/job.ts";
export type { Continuation, Rescheduled, Settled } from "./types/outcomes.ts";
export {
  defineMiddleware,
  type Middleware,
  type MiddlewareOptions,
  type MiddlewareResult,
} from "./types/middleware.ts";
export type { Backoff } from "./model/backoff.ts";
export type { RetryDecision, RetryPolicy } from "./model/retry.ts";
export type { ClosedChainStatus, RetentionOptions, RetentionRule } from "./model/retention.ts";
export type { ChainStatus, JobStatus } from "./model/status.ts";
export type {
  ExplainedWorker,
  Explanation,
  ExplanationReason,
  PreviousAttempt,
} from "./model/explanation.ts";
export type { StoredError } from "./model/error-codec.ts";
export type * from "./client/inspect/inspect-api.ts";
export type * from "./client/operate/operate-api.ts";
export type {
  AttemptOutcome,
  AttemptSubject,
  ChainSubject,
  DomainEvent,
  EmittedEvent,
  EventSubscriber,
  JobSubject,
} from "./ports/telemetry.ts";
export type {
  AttemptTrace,
  CallTrace,
  EventRecorder,
  SettlingTrace,
  Telemetry,
  TracedAttempt,
  TracedBlocker,
  TracedCall,
  TracedClaim,
  TracedJob,
  TracedSettling,
  TracedWorker,
  WakeUpSource,
  WorkerTrace,
} from "./ports/tracing.ts";
export type { StateAdapter } from "./ports/state-adapter.ts";
export type { NotifyAdapter } from "./ports/notify-adapter.ts";
export { createConsoleLogger, type ConsoleLoggerOptions } from "./telemetry/console-logger.ts";
export { levelOfEvent, type LogLevel } from "./telemetry/event-level.ts";
export {
  createMemoryStateAdapter,
  type MemoryStateAdapterOptions,
} from "./memory/create-memory-state-adapter.ts";
export { createMemoryStore, type MemoryStore } from "./memory/store.ts";
export type { AsyncContext, MemoryTransaction } from "./memory/sessions.ts";
export {
  createMemoryNotifyAdapter,
  createMemoryNotifyHub,
  type MemoryNotifyAdapterOptions,
  type MemoryNotifyHub,
} from "./memory/create-memory-notify-adapter.ts";
export { QueuertError } from "./errors/queuert-error.ts";
export {
  HandlerDuplicateError,
  JobTypeDefinitionError,
  JobTypeDuplicateError,
  JobTypeUnknownError,
} from "./errors/definition-errors.ts";
export {
  CursorInvalidError,
  OptionInvalidError,
  ValueInvalidError,
  ValueNotJsonError,
  ValueUnreadableError,
  type ValueIssue,
} from "./errors/value-errors.ts";
export {
  AwaitChainTimeoutError,
  BlockerUnusableError,
  ChainCancelledError,
  ChainFailedError,
  ChainIdConflictError,
  ChainNotFoundError,
  JobNotFoundError,
} from "./errors/chain-errors.ts";
export {
  AttemptAbortedError,
  AttemptLostError,
  AttemptsExhaustedError,
  HandlerOutcomeError,
  UnrecoverableError,
  type AbortReason,
  type LostReason,
} from "./errors/attempt-errors.ts";
export {
  StoreConflictError,
  StoreSetupError,
  StoreUnavailableError,
  TransactionInvalidError,
  TransactionNestedError,
} from "./errors/store-errors.ts";
export {
  DrainTimeoutError,
  LifecycleError,
  OperationRefusedError,
} from "./errors/machine-errors.ts";
