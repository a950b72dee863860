import { changeStandingJobs } from "./standing-jobs.ts";

/**
 * Opens failed chains again. Their dependants wait on, and their edges stay as they are; who settled the failed job stays known, so that a repeat of
 * that settlement is.
 */
export const redriveChains: string = changeStandingJobs({
  signature: "{redrive_chains}(p_now timestamptz, p_chain_ids uuid[])",
  isPossible: "v_job.status = 'failed'",
  status: "'ready'",
  statements: `UPDATE {job} SET status = v_status, attempt = 0, ready_at = v_now, completed_at = NULL
      WHERE chain_id = v_chain_id AND chain_index = v_job.chain_index;
      UPDATE {job} SET chain_status = 'open', chain_closed_at = NULL WHERE chain_id = v_chain_id AND chain_index = 0;`,
});
