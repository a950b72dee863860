import { BlockerUnusableError } from "../errors/chain-errors.ts";
import { OptionInvalidError } from "../errors/value-errors.ts";
import { formatJobId } from "../model/ids.ts";
import type { ChainStatus } from "../model/status.ts";
import type { ChainCompletion, CompletionResult, StateAdapter } from "../ports/state-adapter.ts";
import type { CallTrace } from "../ports/tracing.ts";
import type { MergedJobTypes } from "../types/merge-job-types.ts";
import type { EngineContext } from "./context.ts";
import { completedOutcome, continuedOutcome } from "./job-outcomes.ts";
import type { JobGiven } from "./new-jobs.ts";
import { settleSignals, type SettledJob } from "./settle-signals.ts";
import type { Signals } from "./signals.ts";
import { runTraced, tracedJob } from "./traced-calls.ts";
import { writeScope, type TransactionHooks } from "./transaction-hooks.ts";
import type { CompleteChainResult } from "./write-api.ts";

export interface CompleteChainOptions<TTransaction> {
  readonly tx: TTransaction | "autocommit";
  readonly hooks?: TransactionHooks | undefined;
  readonly chainId: string;
  readonly type: string;
  readonly output?: unknown;
  readonly continueWith?: JobGiven | undefined;
}

/** Ends the open job of a chain without a worker, as a handler of its type would. */
export async function completeChain<TTransaction>(
  context: EngineContext<TTransaction>,
  options: CompleteChainOptions<TTransaction>,
): Promise<CompleteChainResult> {
  const { chainId, type } = options;
  const scope = writeScope(context, options);
  const outcome = await completionOutcome(context.jobTypes, options);
  const trace = context.telemetry?.beginCall({
    name: "completeChain",
    chainId,
    type,
    next:
      outcome.kind === "continued"
        ? tracedJob(chainId, undefined, outcome.next, context.clock.now())
        : undefined,
    isObserved: scope.isObserved,
  });
  const item = tracedCompletion({ chainId, type, outcome }, trace);
  const result = await runTraced(trace, () => completeOne(context.state, scope.tx, item));
  switch (result.outcome) {
    case "completed":
    case "continued": {
      const nextType = outcome.kind === "continued" ? outcome.next.type : undefined;
      const job = { chainId, chainIndex: result.chainIndex, type, chainType: result.chainType };
      await scope.deliver({ ...completionSignals({ ...job, nextType }, result), trace });
      return { outcome: result.outcome };
    }
    default:
      await scope.deliver({ events: [], topics: [], trace });
      return result.outcome === "notOpen"
        ? { ...result, chainStatus: result.chainStatus as Exclude<ChainStatus, "open"> }
        : result;
  }
}

type Refused = Extract<CompletionResult, { outcome: "refused" }>;
type Done = Extract<CompletionResult, { outcome: "completed" | "continued" }>;

/** Throws `BlockerUnusableError`; nothing was written then. */
async function completeOne<TTransaction>(
  state: StateAdapter<TTransaction>,
  tx: TTransaction | undefined,
  item: ChainCompletion,
): Promise<Exclude<CompletionResult, Refused>> {
  const [result] = await state.completeChains({ tx, items: [item] });
  if (result!.outcome !== "refused") return result!;
  throw new BlockerUnusableError({ chainId: result!.blockerChainId, reason: result!.reason });
}

function completionSignals(job: SettledJob, { outcome, workerId, effects }: Done): Signals {
  const { chainId, chainType, type } = job;
  const { events, topics } = settleSignals(job, effects);
  const jobId = formatJobId(job);
  return {
    events: [
      { name: "job.completedWithoutWorker", chainId, chainType, jobId, type, outcome },
      ...events,
    ],
    topics: workerId === undefined ? topics : [...topics, { kind: "worker", workerId }],
  };
}

/** The completion with what telemetry stores. */
function tracedCompletion(item: ChainCompletion, trace: CallTrace | undefined): ChainCompletion {
  if (trace === undefined) return item;
  const { outcome } = item;
  const [nextTraceContext] = trace.traceContexts;
  return {
    ...item,
    outcome:
      outcome.kind === "continued"
        ? { ...outcome, next: { ...outcome.next, traceContext: nextTraceContext } }
        : outcome,
    traceContext: trace.endedTraceContext,
  };
}

async function completionOutcome<TTransaction>(
  jobTypes: MergedJobTypes,
  options: CompleteChainOptions<TTransaction>,
): Promise<ChainCompletion["outcome"]> {
  const { chainId, type, continueWith, output } = options;
  if (continueWith === undefined) return completedOutcome(jobTypes, type, output);
  if (output === undefined) return continuedOutcome(jobTypes, { chainId, type }, continueWith);
  const message = "Both output and continueWith are given. Give one of them.";
  throw new OptionInvalidError(message, { option: "continueWith" });
}
