import type { JobFilter, JobKey, JobRecord, JobStatus } from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import type { SqliteValue } from "../providers/provider.ts";
import { getJob } from "./get-chains.ts";
import { listTypesIn } from "./list-types-in.ts";

/** Where a list of jobs is read from: an index, and the part of it that holds them. */
interface JobSource {
  readonly index: string;
  readonly where: string;
  readonly values: readonly SqliteValue[];
}

const filterBy = (column: string): string =>
  `(? IS NULL OR ${column} IN (SELECT value FROM json_each(?)))`;

/**
 * A page of jobs. Filters by chain, by worker, and by any status but completed and continued read an index; of ready, scheduled and running
 * jobs, it is one in another order, so all of them are looked at. What is left scans jobs by key until the page is full.
 */
export function listJobs(
  session: Session,
  params: {
    readonly filter: JobFilter;
    readonly order: "newest" | "oldest";
    readonly after: JobKey | undefined;
    readonly limit: number;
  },
): readonly JobRecord[] {
  const { filter, order, after, limit } = params;
  const [direction, beyond] = order === "newest" ? ["DESC", "<"] : ["ASC", ">"];
  const range = after === undefined ? "" : `AND (chain_id, chain_index) ${beyond} (?, ?)`;
  const rangeValues = after === undefined ? [] : [after.chainId, after.chainIndex];
  const types = filter.types === undefined ? null : JSON.stringify(filter.types);
  const statuses = filter.statuses === undefined ? null : JSON.stringify(filter.statuses);
  const keys = listSources(session, filter).flatMap(({ index, where, values }) =>
    session.all<JobKey>(
      `SELECT chain_id AS chainId, chain_index AS chainIndex FROM {job} ${index}
      WHERE ${where} ${range} AND ${filterBy("type")} AND ${filterBy("status")}
      ORDER BY chain_id ${direction}, chain_index ${direction} LIMIT ?`,
      ...values,
      ...rangeValues,
      types,
      types,
      statuses,
      statuses,
      limit,
    ),
  );
  keys.sort((left, right) =>
    left.chainId < right.chainId
      ? -1
      : left.chainId > right.chainId
        ? 1
        : left.chainIndex - right.chainIndex,
  );
  if (order === "newest") keys.reverse();
  return keys.slice(0, limit).map((key) => getJob(session, key, { hasPayload: false })!);
}

/** A job stands in one source at most. */
function listSources(
  session: Session,
  { chainId, workerId, statuses }: JobFilter,
): readonly JobSource[] {
  if (chainId !== undefined) {
    const ofWorker =
      workerId === undefined
        ? { where: "", values: [] }
        : { where: " AND worker_id = ?", values: [workerId] };
    return [
      { index: "", where: `chain_id = ?${ofWorker.where}`, values: [chainId, ...ofWorker.values] },
    ];
  }
  if (workerId !== undefined) {
    return [
      {
        index: "INDEXED BY {job_running}",
        where: "status = 'running' AND worker_id = ?",
        values: [workerId],
      },
    ];
  }
  if (
    statuses !== undefined &&
    !statuses.includes("completed") &&
    !statuses.includes("continued")
  ) {
    return [...new Set(statuses)].flatMap((status) =>
      listSourcesOf(session, status as Exclude<JobStatus, "completed" | "continued">),
    );
  }
  return [{ index: "", where: "TRUE", values: [] }];
}

function listSourcesOf(
  session: Session,
  status: Exclude<JobStatus, "completed" | "continued">,
): readonly JobSource[] {
  switch (status) {
    case "ready":
      return [{ index: "INDEXED BY {job_by_readiness}", where: "status = 'ready'", values: [] }];
    case "scheduled":
      return [{ index: "INDEXED BY {job_by_schedule}", where: "status = 'scheduled'", values: [] }];
    case "running":
      return [{ index: "INDEXED BY {job_running}", where: "status = 'running'", values: [] }];
    default:
      return listTypesIn(session, status).map((type) => ({
        index: `INDEXED BY {job_${status}}`,
        where: `status = '${status}' AND type = ?`,
        values: [type],
      }));
  }
}
