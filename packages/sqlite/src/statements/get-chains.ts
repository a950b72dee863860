import type { ChainRecord, JobKey, JobRecord } from "queuert/adapter";

import type { Session, Statements } from "../connections/session.ts";
import {
  decodeJob,
  decodeOptionalDate,
  jobColumns,
  payloadColumns,
  type JobRow,
  type Nullable,
  type PayloadRow,
} from "../rows.ts";
import { findLastJob, findRoot } from "./find-chain.ts";

export const getChainsStatements: Statements<
  "findLastPayload" | "listLabels" | "findJob" | "findJobWithoutPayload"
> = {
  findLastPayload:
    "SELECT output, error FROM {job} WHERE chain_id = ? ORDER BY chain_index DESC LIMIT 1",
  listLabels: "SELECT key, value FROM {chain_label} WHERE chain_id = ?",
  findJob: `SELECT ${jobColumns}, ${payloadColumns} FROM {job} WHERE chain_id = ? AND chain_index = ?`,
  findJobWithoutPayload: `SELECT ${jobColumns} FROM {job} WHERE chain_id = ? AND chain_index = ?`,
};

/** A chain as its jobs and labels have it. Payloads belong to single reads, not to lists. */
export function getChain(
  session: Session,
  chainId: string,
  { hasPayload }: { readonly hasPayload: boolean },
): ChainRecord | undefined {
  const root = findRoot(session, chainId);
  if (root === undefined) return undefined;
  const { chainIndex, type, status } = findLastJob(session, chainId);
  const payload =
    hasPayload && root.chainStatus !== "open" ? findLastPayload(session, chainId) : undefined;
  return {
    chainId,
    type: root.type,
    status: root.chainStatus,
    createdAt: new Date(root.createdAt),
    closedAt: decodeOptionalDate(root.closedAt),
    last: { chainIndex, type, status },
    labels: listLabels(session, chainId),
    output: payload?.output ?? undefined,
    error: payload?.error ?? undefined,
  };
}

/** A job with its payloads, or without them for lists. */
export function getJob(
  session: Session,
  key: JobKey,
  { hasPayload }: { readonly hasPayload: boolean },
): JobRecord | undefined {
  const statement = hasPayload
    ? getChainsStatements.findJob
    : getChainsStatements.findJobWithoutPayload;
  const row = session.first<JobRow & Partial<PayloadRow>>(statement, key.chainId, key.chainIndex);
  return row === undefined ? undefined : decodeJob(row);
}

function findLastPayload(session: Session, chainId: string) {
  return session.first<{ output: Nullable<string>; error: Nullable<string> }>(
    getChainsStatements.findLastPayload,
    chainId,
  );
}

function listLabels(session: Session, chainId: string): Readonly<Record<string, string>> {
  const rows = session.all<{ key: string; value: string }>(getChainsStatements.listLabels, chainId);
  // Not assigned one by one: a label may be called "__proto__".
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}
