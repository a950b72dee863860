import type { ChaosDatabase } from "../databases/chaos-database.ts";
import type { Violation } from "./checker.ts";

/** Each statement answers what contradicts the rule: a name for each case, in the column `found`. */
const rules: Readonly<Record<string, string>> = {
  "Nothing is open when all is over.": `
    SELECT type || ' ' || status AS found FROM {job}
    WHERE status IN ('blocked', 'scheduled', 'ready', 'running')`,

  "A root counts the edges that name it.": `
    SELECT CAST(root.chain_id AS text) AS found FROM {job} AS root
    WHERE root.chain_index = 0 AND root.dependents <>
      (SELECT count(*) FROM {job_blocker} AS edge WHERE edge.blocked_by_chain_id = root.chain_id)`,

  "An edge names a chain that is there.": `
    SELECT CAST(edge.blocked_by_chain_id AS text) AS found FROM {job_blocker} AS edge
    WHERE NOT EXISTS (SELECT 1 FROM {job} AS root WHERE root.chain_id = edge.blocked_by_chain_id AND root.chain_index = 0)`,

  "A job that is over waits for nothing.": `
    SELECT CAST(chain_id AS text) AS found FROM {job}
    WHERE open_blockers <> 0 OR worker_id IS NOT NULL`,

  "No count is below zero.": `
    SELECT CAST(chain_id AS text) AS found FROM {job}
    WHERE chain_index < 0 OR attempt < 0 OR open_blockers < 0 OR dependents < 0`,

  "A chain that is over has a time of its end.": `
    SELECT CAST(chain_id AS text) AS found FROM {job}
    WHERE chain_index = 0 AND (chain_closed_at IS NULL OR chain_status = 'open')`,

  "A key has started one chain.": `
    SELECT start_key AS found FROM chaos_chain WHERE start_key IS NOT NULL
    GROUP BY start_key HAVING count(*) > 1`,

  "Each attempt but the last has its record (P5).": `
    SELECT job.type || ' ' || job.attempt AS found FROM {job} AS job
    WHERE job.attempt BETWEEN 2 AND 24 AND job.status <> 'failed' AND job.attempt - 1 <>
      (SELECT count(*) FROM {attempt_failure} AS failure
       WHERE failure.chain_id = job.chain_id AND failure.chain_index = job.chain_index)`,
};

const shownCountMax = 5;

export async function checkTables(database: ChaosDatabase): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const [rule, sql] of Object.entries(rules)) {
    const found = await database.query<{ found: string }>(sql);
    if (found.length === 0) continue;
    const shown = found.slice(0, shownCountMax).map((row) => row.found);
    violations.push({
      kind: "inconsistent",
      text: `${rule} ${found.length} cases: ${shown.join(", ")}${found.length > shown.length ? " …" : ""}`,
    });
  }
  return violations;
}
