import type { JobFilter, JobKey, JobRecord } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { decodeJob, type JobRow } from "../rows.ts";
import { encodeUuid, uuidMax, uuidMin } from "../uuids.ts";
import { encodeChoice, fitsNothing } from "./chain-filters.ts";
import { encodeInteger } from "../text-array.ts";

const listJobsStatement = (order: "newest" | "oldest"): AnsweringStatement => ({
  name: `list_jobs_${order}`,
  expression: `{find_jobs_${order}}($1::text::uuid, $2::text::text[], $3::text::text[], $4::text::uuid, $5::text::uuid, $6::text::integer, $7::text::integer)`,
});

const listJobsStatements = {
  newest: listJobsStatement("newest"),
  oldest: listJobsStatement("oldest"),
} as const;

/** Keys that stand before all others, in either order. */
const start = {
  newest: { chainId: uuidMax, chainIndex: 0 },
  oldest: { chainId: uuidMin, chainIndex: 0 },
} as const;

/**
 * A page of jobs. It costs little for a chain, for a worker, for statuses but `continued`, and wherever most jobs fit. Jobs of a type that hardly
 * any job has are looked for among all, unless statuses are given that hardly any job has.
 */
export async function listJobs(
  session: Session,
  params: {
    readonly filter: JobFilter;
    readonly order: "newest" | "oldest";
    readonly after: JobKey | undefined;
    readonly limit: number;
  },
): Promise<readonly JobRecord[]> {
  const { filter, order, after, limit } = params;
  if (fitsNothing(filter)) return [];
  const { chainId, chainIndex } = after ?? start[order];
  const rows = await session.ask<readonly JobRow[]>(listJobsStatements[order], [
    encodeOptionalUuid(filter.chainId),
    encodeChoice(filter.types),
    encodeChoice(filter.statuses),
    encodeOptionalUuid(filter.workerId),
    encodeUuid(chainId),
    encodeInteger(chainIndex),
    encodeInteger(limit),
  ]);
  return (rows ?? []).map(decodeJob);
}

function encodeOptionalUuid(id: string | undefined): string | null {
  return id === undefined ? null : encodeUuid(id);
}
