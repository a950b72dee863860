import { BlockerUnusableError, ChainIdConflictError } from "../errors/chain-errors.ts";
import {
  decideDeduplication,
  keyKeptUntilMs,
  type Deduplication,
  type DeduplicationDecision,
} from "../model/deduplication.ts";
import { scheduledAtMs } from "../model/schedule.ts";
import type { NewChain, StartResult } from "../ports/state-adapter.ts";
import { findUnusableBlocker, insertJob } from "./insert-job.ts";
import { placeJob } from "./place-job.ts";
import { formatDeduplicationId, type ChainRow } from "./rows.ts";
import type { Writer } from "./writer.ts";

/** Starts chains in their order, each seeing those before it. Throws for the first that cannot be started: the caller undoes. */
export function startChains(writer: Writer, chains: readonly NewChain[]): readonly StartResult[] {
  return chains.map((chain) => startChain(writer, chain));
}

function startChain(writer: Writer, start: NewChain): StartResult {
  const sameId = writer.chain(start.chainId);
  if (sameId !== undefined) {
    if (sameId.type === start.type) return answer(writer, sameId, "sameId");
    throw new ChainIdConflictError({
      chainId: start.chainId,
      existingType: sameId.type,
      type: start.type,
    });
  }
  const duplicate =
    start.deduplication === undefined
      ? undefined
      : findDuplicate(writer, start.type, start.deduplication);
  if (duplicate === undefined) return createChain(writer, start);
  if (duplicate.decision !== "kept") changeRoot(writer, duplicate.chain, start, duplicate.decision);
  return answer(writer, duplicate.chain, duplicate.decision);
}

function answer(writer: Writer, chain: ChainRow, outcome: StartResult["outcome"]): StartResult {
  const { chainId } = chain;
  const { status: jobStatus, traceContext } = writer.job({ chainId, chainIndex: 0 })!;
  return { chainId, outcome, jobStatus, traceContext };
}

function findDuplicate(
  writer: Writer,
  type: string,
  deduplication: Deduplication,
):
  | { readonly chain: ChainRow; readonly decision: Exclude<DeduplicationDecision, "create"> }
  | undefined {
  const row = writer.tables.deduplications.get(formatDeduplicationId(type, deduplication.key));
  if (row === undefined) return undefined;
  const chain = writer.chain(row.chainId)!;
  const root = writer.job({ chainId: chain.chainId, chainIndex: 0 })!;
  // A suspect root may have begun under the worker that died, so it counts as begun (trap A13).
  const existing = {
    status: chain.status,
    createdAtMs: chain.createdAtMs,
    rootStatus: root.status,
    rootClaimNo: root.claimNo,
  };
  const decision = decideDeduplication(deduplication, existing, writer.nowMs);
  return decision === "create" ? undefined : { chain, decision };
}

/** Gives a first job that has not begun what the newer start asks for. */
function changeRoot(
  writer: Writer,
  chain: ChainRow,
  start: NewChain,
  decision: "replaced" | "debounced",
): void {
  const root = writer.job({ chainId: chain.chainId, chainIndex: 0 })!;
  const changed = { ...root, input: start.input, priority: start.priority };
  writer.putJob(
    decision === "replaced"
      ? changed
      : placeJob(changed, scheduledAtMs(start.schedule, writer.nowMs), writer.nowMs),
  );
}

function createChain(writer: Writer, start: NewChain): StartResult {
  const unusable = findUnusableBlocker(writer, start.blockers);
  if (unusable !== undefined)
    throw new BlockerUnusableError({ chainId: unusable.blockerChainId, reason: unusable.reason });
  const chain = writer.putChain({
    chainId: start.chainId,
    type: start.type,
    status: "open",
    createdAtMs: writer.nowMs,
    closedAtMs: undefined,
    lastIndex: 0,
    labels: { ...start.labels },
    dependents: 0,
    deduplicationId:
      start.deduplication === undefined ? undefined : takeKey(writer, start, start.deduplication),
  });
  insertJob(writer, chain, start, start.isUnannounced);
  return answer(writer, chain, "created");
}

/** Lets the key name the chain to be, whatever chain it named before. */
function takeKey(writer: Writer, start: NewChain, deduplication: Deduplication): string {
  const deduplicationId = formatDeduplicationId(start.type, deduplication.key);
  const keptUntilMs = keyKeptUntilMs(deduplication, writer.nowMs);
  writer.putDeduplication({
    deduplicationId,
    chainId: start.chainId,
    keptUntilMs,
    expiresAtMs: undefined,
  });
  return deduplicationId;
}
