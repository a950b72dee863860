import type { JobKey, JobRecord } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { decodeJob, type JobRow } from "../rows.ts";
import { encodeArray, encodeIntegers } from "../text-array.ts";
import { encodeUuid } from "../uuids.ts";

const getJobsStatement: AnsweringStatement = {
  name: "get_jobs",
  expression: "{read_jobs}($1::text::uuid[], $2::text::integer[], true)",
};

export async function getJobs(
  session: Session,
  keys: readonly JobKey[],
): Promise<readonly (JobRecord | undefined)[]> {
  const rows = await session.ask<readonly (JobRow | null)[]>(getJobsStatement, [
    encodeArray(keys.map(({ chainId }) => encodeUuid(chainId))),
    encodeIntegers(keys.map(({ chainIndex }) => chainIndex)),
  ]);
  return (rows ?? []).map((row) => (row === null ? undefined : decodeJob(row)));
}
