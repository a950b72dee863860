import type { ClaimedBlocker, ClaimedJob } from "queuert/adapter";

type BlockerRow = readonly [
  slot: string,
  ordinal: number,
  chainId: string,
  chainType: string,
  type: string,
  output: string | null,
  traceContext: string | null,
  closedAt: number,
];

/** As `claimedJob` of functions/shared-sql.ts writes it. */
export type ClaimedRow = readonly [
  chainId: string,
  chainIndex: number,
  claimNo: number,
  type: string,
  chainType: string,
  input: string | null,
  attempt: number,
  isStarted: boolean,
  priority: number,
  createdAt: number,
  scheduledAt: number,
  claimedAt: number,
  readyAt: number,
  traceContext: string | null,
  isUnannounced: boolean,
  blockers: readonly BlockerRow[] | null,
];

export function decodeClaimedJob(row: ClaimedRow): ClaimedJob {
  const [chainId, chainIndex, claimNo, type, chainType, input, attempt, isStarted] = row;
  const [, , , , , , , , priority, createdAt, scheduledAt, claimedAt, readyAt] = row;
  const [, , , , , , , , , , , , , traceContext, isUnannounced, blockers] = row;
  return {
    chainId,
    chainIndex,
    claimNo,
    type,
    chainType,
    input: input ?? undefined,
    attempt,
    isStarted,
    priority,
    createdAt: new Date(createdAt),
    scheduledAt: new Date(scheduledAt),
    claimedAt: new Date(claimedAt),
    waitMs: Math.max(0, claimedAt - readyAt),
    blockers: blockers === null ? [] : blockers.map(decodeBlocker),
    traceContext: traceContext ?? undefined,
    // Later claims of a root prove nothing new.
    isUnannounced: isUnannounced && claimNo === 1,
  };
}

function decodeBlocker(row: BlockerRow): ClaimedBlocker {
  const [slot, ordinal, chainId, chainType, type, output, traceContext, closedAt] = row;
  return {
    slot,
    ordinal,
    chainId,
    chainType,
    type,
    output: output ?? undefined,
    traceContext: traceContext ?? undefined,
    closedAt: new Date(closedAt),
  };
}
