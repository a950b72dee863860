import { QueuertError } from "./queuert-error.ts";

/** A client or worker was used after it was closed, or started twice. */
export class LifecycleError extends QueuertError {
  static override readonly code = "LIFECYCLE_INVALID" as const;
  constructor(message: string) {
    super(LifecycleError.code, message);
    this.name = "LifecycleError";
  }
}

/** `drain` ran into its `timeoutMs` while jobs could still run. */
export class DrainTimeoutError extends QueuertError {
  static override readonly code = "DRAIN_TIMEOUT" as const;
  readonly timeoutMs: number;
  constructor(fields: { timeoutMs: number; runningCount: number }) {
    super(
      DrainTimeoutError.code,
      `The worker still had work after ${fields.timeoutMs} ms (${fields.runningCount} jobs running). Nothing was stopped.`,
    );
    this.name = "DrainTimeoutError";
    this.timeoutMs = fields.timeoutMs;
  }
}

/** A type that was told to run only under permissions refused an operator's action. */
export class OperationRefusedError extends QueuertError {
  static override readonly code = "OPERATION_REFUSED" as const;
  readonly action: string;
  constructor(fields: { action: string; reason: string }) {
    super(
      OperationRefusedError.code,
      `The action "${fields.action}" was refused: ${fields.reason}.`,
    );
    this.name = "OperationRefusedError";
    this.action = fields.action;
  }
}
