export { QueuertError } from "./queuert-error.ts";
export {
  HandlerDuplicateError,
  JobTypeDefinitionError,
  JobTypeDuplicateError,
  JobTypeUnknownError,
} from "./definition-errors.ts";
export {
  CursorInvalidError,
  OptionInvalidError,
  ValueInvalidError,
  ValueNotJsonError,
  ValueUnreadableError,
  type ValueIssue,
} from "./value-errors.ts";
export {
  AwaitChainTimeoutError,
  BlockerUnusableError,
  ChainCancelledError,
  ChainFailedError,
  ChainIdConflictError,
  ChainNotFoundError,
  JobNotFoundError,
} from "./chain-errors.ts";
export {
  AttemptAbortedError,
  AttemptLostError,
  AttemptsExhaustedError,
  HandlerOutcomeError,
  UnrecoverableError,
  type AbortReason,
  type LostReason,
} from "./attempt-errors.ts";
export {
  StoreConflictError,
  StoreSetupError,
  StoreUnavailableError,
  TransactionInvalidError,
  TransactionNestedError,
} from "./store-errors.ts";
export { DrainTimeoutError, LifecycleError, OperationRefusedError } from "./machine-errors.ts";
