import { QueuertError } from "./queuert-error.ts";

/** Why a running attempt was told to stop. */
export type AbortReason =
  | "timeout"
  | "leaseLost"
  | "cancelled"
  | "deleted"
  | "completedElsewhere"
  | "shutdown";

const abortSentences: Readonly<Record<AbortReason, string>> = {
  timeout: "it ran longer than its timeoutMs",
  leaseLost: "its worker's lease ended, and another worker may hold the job",
  cancelled: "its chain was cancelled",
  deleted: "its chain was deleted",
  completedElsewhere: "the job was completed without this worker",
  shutdown: "its worker is stopping and the deadline has passed",
};

/** The `reason` of a handler's abort signal. */
export class AttemptAbortedError extends QueuertError {
  static override readonly code = "ATTEMPT_ABORTED" as const;
  readonly jobId: string;
  readonly reason: AbortReason;
  constructor(fields: { jobId: string; reason: AbortReason }) {
    super(
      AttemptAbortedError.code,
      `The attempt at job "${fields.jobId}" was aborted: ${abortSentences[fields.reason]}.`,
    );
    this.name = "AttemptAbortedError";
    this.jobId = fields.jobId;
    this.reason = fields.reason;
  }
}

/** Why the fence refused an attempt's outcome. */
export type LostReason = "leaseLost" | "cancelled" | "deleted" | "completedElsewhere";

/** `commit` found that this attempt no longer holds the job; the transaction was rolled back with all its writes (P3). */
export class AttemptLostError extends QueuertError {
  static override readonly code = "ATTEMPT_LOST" as const;
  readonly jobId: string;
  readonly reason: LostReason;
  constructor(fields: { jobId: string; reason: LostReason }) {
    super(
      AttemptLostError.code,
      `This attempt no longer holds the job "${fields.jobId}": ${abortSentences[fields.reason]}. Its writes were rolled back.`,
    );
    this.name = "AttemptLostError";
    this.jobId = fields.jobId;
    this.reason = fields.reason;
  }
}

/** Throw it, or a subclass of it, from a handler to fail the job at once, whatever attempts are left. */
export class UnrecoverableError extends QueuertError {
  static override readonly code = "UNRECOVERABLE" as const;
  constructor(message: string, options?: { cause?: unknown }) {
    super(UnrecoverableError.code, message, options);
    this.name = "UnrecoverableError";
  }
}

/** Every attempt that the retry policy allows has been used, the last of them by a process that died (P5). */
export class AttemptsExhaustedError extends QueuertError {
  static override readonly code = "ATTEMPTS_EXHAUSTED" as const;
  readonly jobId: string;
  readonly attemptCountMax: number;
  constructor(fields: { jobId: string; attemptCountMax: number }) {
    super(
      AttemptsExhaustedError.code,
      `The job "${fields.jobId}" used its ${fields.attemptCountMax} attempts, and the process that ran the last one died. Find what kills it, then redrive the chain.`,
    );
    this.name = "AttemptsExhaustedError";
    this.jobId = fields.jobId;
    this.attemptCountMax = fields.attemptCountMax;
  }
}

/** A handler returned something that is no outcome of its job type, or used `commit` twice. */
export class HandlerOutcomeError extends QueuertError {
  static override readonly code = "HANDLER_OUTCOME_INVALID" as const;
  readonly typeName: string;
  constructor(message: string, fields: { typeName: string }) {
    super(HandlerOutcomeError.code, message);
    this.name = "HandlerOutcomeError";
    this.typeName = fields.typeName;
  }
}
