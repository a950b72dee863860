import {
  ageBound,
  spentJobStatuses,
  type ChainStatus,
  type ClosedChainStatus,
  type RetentionRule,
  type RetentionRules,
  type RetireResult,
} from "queuert/adapter";

import type { Session, Statements } from "../connections/session.ts";
import type { Nullable } from "../rows.ts";
import { forever } from "./deduplicate.ts";
import { deleteChainRows } from "./delete-chains.ts";

// Most chains complete, so those are found by the key, and their end is not written into another index. The few others have one.
const completed = "FROM {job} WHERE chain_index = 0";
// The statement has to say itself what the partial index says of its rows.
const other =
  "FROM {job} INDEXED BY {chain_ended_badly} WHERE chain_index = 0 AND chain_status NOT IN ('open', 'completed') AND chain_status = ?";
const selectRoot =
  "SELECT chain_id AS chainId, type AS chainType, chain_status AS status, chain_closed_at AS closedAt, dependents, is_keyed AS isKeyed";
const stretch = "AND chain_id > ? AND chain_id < ? ORDER BY chain_id LIMIT ?";
const oldestKept = "ORDER BY chain_id DESC LIMIT 1 OFFSET ?";
const spent = spentJobStatuses.map((status) => `'${status}'`).join(", ");

export const retireChainsStatements: Statements<
  | "walkCompleted"
  | "walkOther"
  | "oldestCompleted"
  | "oldestOther"
  | "findClosed"
  | "isAwaited"
  | "isKeyKept"
  | "deleteEdgesTo"
> = {
  walkCompleted: `${selectRoot} ${completed} ${stretch}`,
  walkOther: `${selectRoot} ${other} ${stretch}`,
  oldestCompleted: `SELECT chain_id AS chainId ${completed} AND chain_status = 'completed' ${oldestKept}`,
  oldestOther: `SELECT chain_id AS chainId ${other} ${oldestKept}`,
  findClosed: `${selectRoot} FROM {job} WHERE chain_id = ? AND chain_index = 0 AND chain_status = ? AND chain_closed_at = ?`,
  isAwaited: `
    SELECT 1 FROM {job_blocker} AS edge JOIN {job} AS waiter ON waiter.chain_id = edge.chain_id AND waiter.chain_index = edge.chain_index
    WHERE edge.blocked_by_chain_id = ? AND waiter.status NOT IN (${spent}) LIMIT 1`,
  isKeyKept: `SELECT 1 FROM {deduplication} WHERE chain_id = ? AND kept_until > ? AND kept_until < ${forever}`,
  deleteEdgesTo: "DELETE FROM {job_blocker} WHERE blocked_by_chain_id = ?",
};

/** The most chains that one call passes over, so that a read is short, too, when little can go. */
const passedCountMax = 500;

export interface RetireParams {
  readonly rules: RetentionRules;
  readonly limit: number;
  /** Where the walk stands: it goes on with greater ids. "" at its beginning. */
  readonly after: string;
}

/** What a call has found: the chains that can go, and where it ended; `undefined` = at the end of all that can be due. */
export interface Retirable {
  readonly free: readonly ClosedRoot[];
  readonly endedAt: string | undefined;
}

interface ClosedRoot {
  readonly chainId: string;
  readonly chainType: string;
  readonly status: ClosedChainStatus;
  readonly closedAt: number;
  readonly dependents: number;
  readonly isKeyed: number;
}

/** A root on the walk of a rule. Among the completed ones stand those of other chains. */
type PassedRoot = Omit<ClosedRoot, "status" | "closedAt"> & {
  readonly status: ChainStatus;
  readonly closedAt: Nullable<number>;
};

/** Looks for closed chains that no rule keeps and nobody needs. It writes nothing: for a reader. */
export function findRetirable(session: Session, { rules, limit, after }: RetireParams): Retirable {
  const passed = (Object.entries(rules) as [ClosedChainStatus, RetentionRule][])
    .flatMap(([status, rule]) => walkOn(session, status, rule, after))
    .toSorted((left, right) => (left.chainId < right.chainId ? -1 : 1))
    .slice(0, passedCountMax);
  const free: ClosedRoot[] = [];
  for (const { root, chainId } of passed) {
    if (root === undefined || isNeeded(session, root)) continue;
    free.push(root);
    if (free.length === limit) return { free, endedAt: chainId };
  }
  return { free, endedAt: passed[passedCountMax - 1]?.chainId };
}

/** Deletes what a reader has found, as far as it is still so. */
export function retireChains(session: Session, { free }: Retirable): RetireResult["retired"] {
  return free.flatMap(({ chainId, chainType, status, closedAt }) => {
    const root = session.first<ClosedRoot>(
      retireChainsStatements.findClosed,
      chainId,
      status,
      closedAt,
    );
    if (root === undefined || isNeeded(session, root)) return [];
    // Jobs that are over name it no more: a later chain with the same id is not theirs.
    if (root.dependents > 0) session.run(retireChainsStatements.deleteEdgesTo, chainId);
    deleteChainRows(session, chainId);
    return [{ chainId, chainType, status }];
  });
}

/** The next roots on the walk of a status's rule; `root` where the rule does not keep it. */
function walkOn(
  session: Session,
  status: ClosedChainStatus,
  { maxAgeMs, maxCount }: RetentionRule,
  after: string,
): readonly { readonly chainId: string; readonly root: ClosedRoot | undefined }[] {
  const age = ageBound(maxAgeMs, session.nowMs);
  const surplusBelow = maxCount === undefined ? "" : findOldestKept(session, status, maxCount);
  const end = surplusBelow > age.idBelow ? surplusBelow : age.idBelow;
  const { walkCompleted, walkOther } = retireChainsStatements;
  const passed =
    status === "completed"
      ? session.all<PassedRoot>(walkCompleted, after, end, passedCountMax)
      : session.all<PassedRoot>(walkOther, status, after, end, passedCountMax);
  return passed.map((root) => {
    const isDue =
      root.status === status &&
      (root.chainId < surplusBelow || root.closedAt! <= age.closedUntilMs);
    return { chainId: root.chainId, root: isDue ? (root as ClosedRoot) : undefined };
  });
}

/** The smallest id among the `count` greatest of a status; all that are below it are too many. */
function findOldestKept(session: Session, status: ClosedChainStatus, count: number): string {
  // Above every id, so that all are below the oldest of none.
  if (count === 0) return "~";
  const { oldestCompleted, oldestOther } = retireChainsStatements;
  const oldest =
    status === "completed"
      ? session.first<{ chainId: string }>(oldestCompleted, count - 1)
      : session.first<{ chainId: string }>(oldestOther, status, count - 1);
  return oldest?.chainId ?? "";
}

function isNeeded(session: Session, { chainId, dependents, isKeyed }: ClosedRoot): boolean {
  const { isAwaited, isKeyKept } = retireChainsStatements;
  return (
    (dependents > 0 && session.first(isAwaited, chainId) !== undefined) ||
    (isKeyed === 1 && session.first(isKeyKept, chainId, session.nowMs) !== undefined)
  );
}
