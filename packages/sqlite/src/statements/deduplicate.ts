import {
  decideDeduplication,
  keyKeptUntilMs,
  scheduledAtMs,
  waitingStatus,
  type ChainStatus,
  type Deduplication,
  type JobStatus,
  type NewChain,
  type StartResult,
} from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import { decodeOptional, encodeInstant, encodeOptional, type Nullable } from "../rows.ts";

export const deduplicateStatements = {
  findChainOfKey: `
    SELECT root.chain_id AS chainId, root.chain_status AS chainStatus, root.created_at AS createdAt, root.status, root.claim_no AS claimNo,
      root.open_blockers AS openBlockers, root.ready_at AS readyAt, root.trace_context AS traceContext
    FROM {deduplication} AS named JOIN {job} AS root ON root.chain_id = named.chain_id AND root.chain_index = 0
    WHERE named.type = ? AND named.key = ?`,
  takeKey:
    "INSERT OR REPLACE INTO {deduplication} (type, key, chain_id, kept_until, expires_at) VALUES (?, ?, ?, ?, NULL)",
  replaceRoot: "UPDATE {job} SET input = ?, priority = ? WHERE chain_id = ? AND chain_index = 0",
  moveRoot:
    "UPDATE {job} SET status = ?, scheduled_at = ?, ready_at = ? WHERE chain_id = ? AND chain_index = 0",
  dropKey:
    "DELETE FROM {deduplication} WHERE chain_id = ? AND (kept_until IS NULL OR kept_until <= ?)",
  expireKey:
    "UPDATE {deduplication} SET expires_at = kept_until WHERE chain_id = ? AND kept_until < ?",
} as const;

/** Later than any instant: the key is kept as long as the chain. */
export const forever: number = Number.MAX_SAFE_INTEGER;

interface ChainOfKey {
  readonly chainId: string;
  readonly chainStatus: ChainStatus;
  readonly createdAt: number;
  readonly status: JobStatus;
  readonly claimNo: number;
  readonly openBlockers: number;
  readonly readyAt: Nullable<number>;
  readonly traceContext: Nullable<string>;
}

/** Answers a start with a key by the chain that the key names; `undefined` = a chain is to be made. */
export function answerByKey(
  session: Session,
  chain: NewChain,
  deduplication: Deduplication,
): StartResult | undefined {
  const named = session.first<ChainOfKey>(
    deduplicateStatements.findChainOfKey,
    chain.type,
    deduplication.key,
  );
  if (named === undefined) return undefined;
  const decision = decideDeduplication(
    deduplication,
    {
      status: named.chainStatus,
      createdAtMs: named.createdAt,
      rootStatus: named.status,
      rootClaimNo: named.claimNo,
    },
    session.nowMs,
  );
  if (decision === "create") return undefined;
  if (decision !== "kept")
    session.run(
      deduplicateStatements.replaceRoot,
      encodeOptional(chain.input),
      chain.priority,
      named.chainId,
    );
  const jobStatus = decision === "debounced" ? moveRoot(session, named, chain) : named.status;
  const traceContext = decodeOptional(named.traceContext);
  return { chainId: named.chainId, outcome: decision, jobStatus, traceContext };
}

function moveRoot(session: Session, named: ChainOfKey, chain: NewChain): JobStatus {
  const { nowMs } = session;
  const dueAtMs = encodeInstant(scheduledAtMs(chain.schedule, nowMs));
  const status = waitingStatus(named.openBlockers, dueAtMs, nowMs);
  // A job that is ready already keeps its place in the queue.
  const readyAtMs = status === "ready" ? (named.readyAt ?? nowMs) : null;
  session.run(deduplicateStatements.moveRoot, status, dueAtMs, readyAtMs, named.chainId);
  return status;
}

/** Makes the key name the chain, whatever it named before. */
export function takeKey(session: Session, chain: NewChain, deduplication: Deduplication): void {
  const keptUntilMs = keyKeptUntilMs(deduplication, session.nowMs);
  const keptUntil =
    keptUntilMs === undefined
      ? null
      : Number.isFinite(keptUntilMs)
        ? encodeInstant(keptUntilMs)
        : forever;
  session.run(
    deduplicateStatements.takeKey,
    chain.type,
    deduplication.key,
    chain.chainId,
    keptUntil,
  );
}

/** Gives up the key of a chain that can never open again, now or when its time is over. */
export function releaseKey(session: Session, chainId: string): void {
  session.run(deduplicateStatements.dropKey, chainId, session.nowMs);
  session.run(deduplicateStatements.expireKey, chainId, forever);
}
