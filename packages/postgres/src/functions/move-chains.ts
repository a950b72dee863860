import { changeStandingJobs } from "./standing-jobs.ts";

/** Gives a job another time. One that stays ready keeps its place in the queue. */
const move = `UPDATE {job} SET status = v_status, scheduled_at = v_due_at, ready_at = CASE WHEN v_status = 'ready' THEN coalesce(ready_at, v_now) END
      WHERE chain_id = v_chain_id AND chain_index = v_job.chain_index;`;

export const triggerChains: string = changeStandingJobs({
  signature: "{trigger_chains}(p_now timestamptz, p_chain_ids uuid[])",
  due: "v_now",
  isPossible: "v_job.status = 'scheduled'",
  status: "'ready'",
  statements: move,
});

/** One that waits for blockers goes on waiting. */
export const rescheduleChains: string = changeStandingJobs({
  signature:
    "{reschedule_chains}(p_now timestamptz, p_chain_ids uuid[], p_delay_ms float8, p_instant_ms float8)",
  due: "{due_at}(v_now, p_delay_ms, p_instant_ms)",
  isPossible: "v_job.status IN ('blocked', 'scheduled', 'ready')",
  status:
    "CASE WHEN v_job.status = 'blocked' THEN 'blocked' WHEN v_due_at > v_now THEN 'scheduled' ELSE 'ready' END",
  statements: move,
});
