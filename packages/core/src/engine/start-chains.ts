import { JobTypeUnknownError } from "../errors/definition-errors.ts";
import { checkChainId } from "../model/options.ts";
import type { WakeUpTopic } from "../ports/notify-adapter.ts";
import type { NewChain, StartResult } from "../ports/state-adapter.ts";
import type { DomainEvent } from "../ports/telemetry.ts";
import type { CallTrace } from "../ports/tracing.ts";
import type { StartedChain } from "../types/chain.ts";
import type { EngineContext } from "./context.ts";
import { createNewJob, resolveDeduplication, resolveLabels, type JobGiven } from "./new-jobs.ts";
import type { Signals } from "./signals.ts";
import { runTraced, tracedJob } from "./traced-calls.ts";
import { writeScope, type TransactionHooks } from "./transaction-hooks.ts";

/** A chain to start, as it arrives from the caller. */
export interface ChainGiven extends JobGiven {
  readonly id?: string | undefined;
  readonly deduplication?:
    | {
        key: string;
        scope?: string | undefined;
        windowMs?: number | undefined;
        onDuplicate?: string | undefined;
      }
    | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Inserts chains that were checked: in the caller's transaction, or in one that concurrent callers share. */
export type ChainInserter<TTransaction> = (
  tx: TTransaction | undefined,
  chains: readonly NewChain[],
) => Promise<readonly StartResult[]>;

/** Starts chains, all or none (P1): checks every one before the first write. */
export async function startChains<TTransaction>(
  context: EngineContext<TTransaction>,
  insert: ChainInserter<TTransaction>,
  options: {
    readonly tx: TTransaction | "autocommit";
    readonly hooks?: TransactionHooks | undefined;
    readonly chains: readonly ChainGiven[];
    /** Whether the caller gave a list, for telemetry. */
    readonly isBatch: boolean;
  },
): Promise<StartedChain[]> {
  const scope = writeScope(context, options);
  const chains = await Promise.all(
    options.chains.map((given) => createNewChain(context, given, !scope.isObserved)),
  );
  if (chains.length === 0) return [];
  const trace = context.telemetry?.beginCall({
    name: "startChains",
    isBatch: options.isBatch,
    jobs: chains.map((chain) => tracedJob(chain.chainId, 0, chain, context.clock.now())),
    isObserved: scope.isObserved,
  });
  const results = await runTraced(trace, () => insert(scope.tx, withTraceContexts(chains, trace)));
  await scope.deliver({ ...startSignals(chains, results), trace });
  return results.map((result, index) => ({
    id: result.chainId,
    type: chains[index]!.type,
    deduplicated:
      result.outcome === "created"
        ? false
        : result.outcome === "sameId"
          ? "same id"
          : result.outcome,
  }));
}

async function createNewChain(
  context: Pick<EngineContext, "jobTypes" | "nextChainId">,
  given: ChainGiven,
  isUnannounced: boolean,
): Promise<NewChain> {
  const definition = context.jobTypes.definitions.get(given.type);
  if (definition !== undefined && !definition.isEntry) {
    throw new JobTypeUnknownError(
      `"${given.type}" cannot start a chain: its definition lacks entry: true.`,
      { typeName: given.type },
    );
  }
  return {
    ...(await createNewJob(context.jobTypes, given)),
    chainId: given.id === undefined ? context.nextChainId() : checkChainId(given.id),
    deduplication: resolveDeduplication(given.deduplication),
    labels: resolveLabels(given.labels),
    isUnannounced,
  };
}

function withTraceContexts(
  chains: readonly NewChain[],
  trace: CallTrace | undefined,
): readonly NewChain[] {
  if (trace === undefined) return chains;
  return chains.map((chain, index) => ({ ...chain, traceContext: trace.traceContexts[index] }));
}

function startSignals(chains: readonly NewChain[], results: readonly StartResult[]): Signals {
  const events: DomainEvent[] = [];
  const topics: WakeUpTopic[] = [];
  results.forEach((result, index) => {
    const subject = { chainId: result.chainId, chainType: chains[index]!.type };
    if (result.outcome === "created")
      events.push({
        name: "chain.started",
        ...subject,
        jobStatus: result.jobStatus,
        isDeferred: false,
        ...labelsOf(chains[index]!),
        ...contextOf(result),
      });
    else
      events.push({
        name: "chain.deduplicated",
        ...subject,
        outcome: result.outcome === "sameId" ? "same id" : result.outcome,
        ...contextOf(result),
      });
    const mayRun = result.jobStatus === "ready" || result.jobStatus === "scheduled";
    if (mayRun && result.outcome !== "kept" && result.outcome !== "sameId")
      topics.push({ kind: "type", type: subject.chainType });
  });
  return { events, topics };
}

function labelsOf({ labels }: NewChain): Pick<NewChain, "labels"> | undefined {
  return Object.keys(labels).length === 0 ? undefined : { labels };
}

function contextOf({ traceContext }: StartResult): { readonly traceContext?: string } {
  return traceContext === undefined ? {} : { traceContext };
}
