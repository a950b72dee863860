import { QueuertError } from "./queuert-error.ts";

/** There is no such chain: it never was, its transaction rolled back, or it was deleted. */
export class ChainNotFoundError extends QueuertError {
  static override readonly code = "CHAIN_NOT_FOUND" as const;
  readonly chainId: string;
  constructor(fields: { chainId: string }) {
    super(
      ChainNotFoundError.code,
      `There is no chain "${fields.chainId}". It was never committed, or it has been deleted.`,
    );
    this.name = "ChainNotFoundError";
    this.chainId = fields.chainId;
  }
}

/** There is no such job. */
export class JobNotFoundError extends QueuertError {
  static override readonly code = "JOB_NOT_FOUND" as const;
  readonly jobId: string;
  constructor(fields: { jobId: string }) {
    super(
      JobNotFoundError.code,
      `There is no job "${fields.jobId}". Its chain was never committed, or has been deleted.`,
    );
    this.name = "JobNotFoundError";
    this.jobId = fields.jobId;
  }
}

/** The caller-supplied chain id belongs to a chain of another job type; nothing was started. */
export class ChainIdConflictError extends QueuertError {
  static override readonly code = "CHAIN_ID_CONFLICT" as const;
  readonly chainId: string;
  constructor(fields: { chainId: string; existingType: string; type: string }) {
    super(
      ChainIdConflictError.code,
      `The chain id "${fields.chainId}" belongs to a chain of "${fields.existingType}", so no "${fields.type}" was started. Use an id of its own.`,
    );
    this.name = "ChainIdConflictError";
    this.chainId = fields.chainId;
  }
}

/** A chain named as a blocker does not exist, or can never complete because it was cancelled; nothing was written. */
export class BlockerUnusableError extends QueuertError {
  static override readonly code = "BLOCKER_UNUSABLE" as const;
  readonly chainId: string;
  readonly reason: "notFound" | "cancelled";
  constructor(fields: { chainId: string; reason: "notFound" | "cancelled" }) {
    super(
      BlockerUnusableError.code,
      fields.reason === "notFound"
        ? `The blocker chain "${fields.chainId}" does not exist. Start it in the same or an earlier transaction.`
        : `The blocker chain "${fields.chainId}" was cancelled and can never complete. Start it again and wait for the new chain.`,
    );
    this.name = "BlockerUnusableError";
    this.chainId = fields.chainId;
    this.reason = fields.reason;
  }
}

/** The awaited chain failed: its last job used up its attempts or failed for good. It can be redriven. */
export class ChainFailedError extends QueuertError {
  static override readonly code = "CHAIN_FAILED" as const;
  readonly chainId: string;
  /** The job that failed. */
  readonly jobId: string;
  constructor(
    fields: { chainId: string; jobId: string; message: string },
    options?: { cause?: unknown },
  ) {
    super(
      ChainFailedError.code,
      `The chain "${fields.chainId}" failed at job "${fields.jobId}": ${fields.message}`,
      options,
    );
    this.name = "ChainFailedError";
    this.chainId = fields.chainId;
    this.jobId = fields.jobId;
  }
}

/** The awaited chain was cancelled. */
export class ChainCancelledError extends QueuertError {
  static override readonly code = "CHAIN_CANCELLED" as const;
  readonly chainId: string;
  readonly reason: string | undefined;
  constructor(fields: { chainId: string; reason: string | undefined }) {
    super(
      ChainCancelledError.code,
      `The chain "${fields.chainId}" was cancelled${fields.reason === undefined ? "" : `: ${fields.reason}`}.`,
    );
    this.name = "ChainCancelledError";
    this.chainId = fields.chainId;
    this.reason = fields.reason;
  }
}

/** `awaitChain` ran into its `timeoutMs`; the chain goes on. */
export class AwaitChainTimeoutError extends QueuertError {
  static override readonly code = "AWAIT_CHAIN_TIMEOUT" as const;
  readonly chainId: string;
  readonly timeoutMs: number;
  constructor(fields: { chainId: string; timeoutMs: number }) {
    super(
      AwaitChainTimeoutError.code,
      `The chain "${fields.chainId}" was still open after ${fields.timeoutMs} ms. It goes on; await it again, or ask explain() why it does not run.`,
    );
    this.name = "AwaitChainTimeoutError";
    this.chainId = fields.chainId;
    this.timeoutMs = fields.timeoutMs;
  }
}
