import { BlockerUnusableError } from "../errors/chain-errors.ts";
import { OptionInvalidError } from "../errors/value-errors.ts";
import { formatJobId } from "../model/ids.ts";
import type { ChainStatus } from "../model/status.ts";
import type { ChainCompletion } from "../ports/state-adapter.ts";
import type { MergedJobTypes } from "../types/merge-job-types.ts";
import type { EngineContext } from "./context.ts";
import { completedOutcome, continuedOutcome } from "./job-outcomes.ts";
import type { JobGiven } from "./new-jobs.ts";
import { settleSignals } from "./settle-signals.ts";
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
  const [result] = await context.state.completeChains({
    tx: scope.tx,
    items: [{ chainId, type, outcome }],
  });
  switch (result!.outcome) {
    case "completed":
    case "continued": {
      const { chainIndex, chainType, workerId, effects } = result!;
      const nextType = outcome.kind === "continued" ? outcome.next.type : undefined;
      const { events, topics } = settleSignals(
        { chainId, chainIndex, type, chainType, nextType },
        effects,
      );
      const jobId = formatJobId({ chainId, chainIndex });
      await scope.deliver({
        events: [
          {
            name: "job.completedWithoutWorker",
            chainId,
            chainType,
            jobId,
            type,
            outcome: result!.outcome,
          },
          ...events,
        ],
        topics: workerId === undefined ? topics : [...topics, { kind: "worker", workerId }],
      });
      return { outcome: result!.outcome };
    }
    case "refused":
      throw new BlockerUnusableError({ chainId: result!.blockerChainId, reason: result!.reason });
    case "notOpen":
      return {
        outcome: "notOpen",
        chainStatus: result!.chainStatus as Exclude<ChainStatus, "open">,
      };
    default:
      return result!;
  }
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
