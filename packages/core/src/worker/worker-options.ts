import { HandlerDuplicateError, JobTypeUnknownError } from "../errors/definition-errors.ts";
import { OptionInvalidError } from "../errors/value-errors.ts";
import { checkNumber, checkText } from "../model/options.ts";
import {
  resolveRetention,
  type RetentionOptions,
  type RetentionRules,
} from "../model/retention.ts";
import { resolveRetryPolicy, type ResolvedRetryPolicy, type RetryPolicy } from "../model/retry.ts";
import type { MergedJobTypes } from "../types/merge-job-types.ts";
import { defaultWorkerName } from "./process-identity.ts";

/** A handler's function, as the machine calls it. */
export type HandleFunction = (handler: unknown) => Promise<unknown>;

/** A handler with every option filled in. */
export interface ResolvedHandler {
  readonly type: string;
  readonly handle: HandleFunction;
  readonly retry: ResolvedRetryPolicy;
  readonly timeoutMs: number | undefined;
  /** The most jobs of the type that run or are held at once in this process. */
  readonly concurrency: number;
}

/** A worker's options with every default filled in. */
export interface ResolvedWorkerOptions {
  readonly handlers: ReadonlyMap<string, ResolvedHandler>;
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly pollIntervalMs: number;
  readonly prefetchMs: number;
  readonly stopTimeoutMs: number;
  /** `undefined`: closed chains are kept. */
  readonly retention: RetentionRules | undefined;
  readonly retentionIntervalMs: number;
  readonly name: string;
}

/** The options as they arrive; the compiler has checked them against the job types. */
export interface WorkerOptionsGiven {
  readonly handlers: unknown;
  readonly concurrency?: number | undefined;
  readonly leaseMs?: number | undefined;
  readonly pollIntervalMs?: number | undefined;
  readonly prefetchMs?: number | undefined;
  readonly retry?: RetryPolicy | undefined;
  readonly stopTimeoutMs?: number | undefined;
  readonly retention?: RetentionOptions | undefined;
  readonly retentionIntervalMs?: number | undefined;
  readonly name?: string | undefined;
}

interface HandlerGiven {
  readonly handle: HandleFunction;
  readonly retry?: RetryPolicy | undefined;
  readonly timeoutMs?: number | undefined;
  readonly concurrency?: number | undefined;
}

/** Checks a worker's options. Throws `OptionInvalidError`, `HandlerDuplicateError`, `JobTypeUnknownError`. */
export function resolveWorkerOptions(
  jobTypes: MergedJobTypes,
  given: WorkerOptionsGiven,
): ResolvedWorkerOptions {
  const concurrency = checkNumber(given.concurrency ?? 10, "concurrency", {
    min: 1,
    max: 10_000,
    isWhole: true,
  });
  const handlers = new Map<string, ResolvedHandler>();
  for (const [type, handler] of handlersOf(given.handlers)) {
    if (handlers.has(type)) throw new HandlerDuplicateError({ typeName: type });
    if (jobTypes.isComplete && !jobTypes.definitions.has(type)) {
      throw new JobTypeUnknownError(
        `There is a handler for "${type}", but no such job type in this client.`,
        { typeName: type },
      );
    }
    handlers.set(type, resolveHandler(type, handler, given.retry, concurrency));
  }
  if (handlers.size === 0)
    throw new OptionInvalidError("The worker has no handlers. Give it at least one.", {
      option: "handlers",
    });
  return {
    handlers,
    concurrency,
    leaseMs: checkNumber(given.leaseMs ?? 30_000, "leaseMs", { min: 1_000, max: 86_400_000 }),
    pollIntervalMs: checkNumber(given.pollIntervalMs ?? 5_000, "pollIntervalMs", {
      min: 10,
      max: 3_600_000,
    }),
    prefetchMs: checkNumber(given.prefetchMs ?? 50, "prefetchMs", { min: 0, max: 10_000 }),
    stopTimeoutMs: checkNumber(given.stopTimeoutMs ?? 30_000, "stopTimeoutMs", { min: 0 }),
    retention: resolveRetention(given.retention),
    retentionIntervalMs: checkNumber(given.retentionIntervalMs ?? 60_000, "retentionIntervalMs", {
      min: 10,
      max: 86_400_000,
    }),
    name: given.name === undefined ? defaultWorkerName() : checkText(given.name, "name", 200),
  };
}

function handlersOf(given: unknown): readonly (readonly [string, unknown])[] {
  if (typeof given !== "object" || given === null)
    throw new OptionInvalidError("handlers must be an object, or a list of handler sets.", {
      option: "handlers",
    });
  const sets =
    Symbol.iterator in given
      ? [...(given as Iterable<{ handlers: object }>)].map((set) => set.handlers)
      : [given];
  return sets.flatMap((set) => Object.entries(set)).filter(([, handler]) => handler !== undefined);
}

function resolveHandler(
  type: string,
  given: unknown,
  retry: RetryPolicy | undefined,
  concurrency: number,
): ResolvedHandler {
  const handler = (typeof given === "function" ? { handle: given } : given) as HandlerGiven;
  if (typeof handler?.handle !== "function") {
    throw new OptionInvalidError(
      `The handler of "${type}" is no function, nor an object with one as handle.`,
      { option: `handlers.${type}` },
    );
  }
  const resolvedRetry = resolveRetryPolicy(retry, handler.retry);
  checkNumber(resolvedRetry.maxAttempts, `retry.maxAttempts of "${type}"`, {
    min: 1,
    isWhole: true,
  });
  return {
    type,
    handle: handler.handle.bind(handler),
    retry: resolvedRetry,
    timeoutMs:
      handler.timeoutMs === undefined
        ? undefined
        : checkNumber(handler.timeoutMs, `timeoutMs of "${type}"`, { min: 1 }),
    concurrency:
      handler.concurrency === undefined
        ? concurrency
        : checkNumber(handler.concurrency, `concurrency of "${type}"`, { min: 1, isWhole: true }),
  };
}
