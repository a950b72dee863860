import { JobTypeUnknownError } from "../errors/definition-errors.ts";
import { checkChainId } from "../model/options.ts";
import type { WakeUpTopic } from "../ports/notify-adapter.ts";
import type { NewChain, StartResult } from "../ports/state-adapter.ts";
import type { DomainEvent } from "../ports/telemetry.ts";
import type { StartedChain } from "../types/chain.ts";
import type { EngineContext } from "./context.ts";
import { createNewJob, resolveDeduplication, resolveLabels, type JobGiven } from "./new-jobs.ts";
import type { Signals } from "./signals.ts";
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
  },
): Promise<StartedChain[]> {
  const scope = writeScope(context, options);
  const chains = await Promise.all(
    options.chains.map((given) => createNewChain(context, given, !scope.isObserved)),
  );
  if (chains.length === 0) return [];
  const results = await insert(scope.tx, chains);
  await scope.deliver(startSignals(chains, results));
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
      });
    else
      events.push({
        name: "chain.deduplicated",
        ...subject,
        outcome: result.outcome === "sameId" ? "same id" : result.outcome,
      });
    const mayRun = result.jobStatus === "ready" || result.jobStatus === "scheduled";
    if (mayRun && result.outcome !== "kept" && result.outcome !== "sameId")
      topics.push({ kind: "type", type: subject.chainType });
  });
  return { events, topics };
}
