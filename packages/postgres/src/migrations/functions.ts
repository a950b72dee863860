import { cancelChains } from "../functions/cancel-chains.ts";
import { chainGraph } from "../functions/chain-graph.ts";
import { claimJobs } from "../functions/claim-jobs.ts";
import { completions } from "../functions/complete-chains.ts";
import { deletions } from "../functions/delete-chains.ts";
import { endJobs } from "../functions/end-jobs.ts";
import { exchange, noteStarted, settle } from "../functions/exchange.ts";
import { chainLists, countChains, findChains } from "../functions/find-chains.ts";
import { findJobs, someJobs } from "../functions/find-jobs.ts";
import { lockChains } from "../functions/lock-chains.ts";
import { rescheduleChains, triggerChains } from "../functions/move-chains.ts";
import { parts } from "../functions/parts.ts";
import { pauseTypes } from "../functions/pause-types.ts";
import { promoteJobs } from "../functions/promote-jobs.ts";
import { listAttempts, listWorkers, readChains, readJobs } from "../functions/read-records.ts";
import { reap } from "../functions/reap-jobs.ts";
import { redriveChains } from "../functions/redrive-chains.ts";
import { retirements } from "../functions/retire-chains.ts";
import { settleAttempts } from "../functions/settle-attempts.ts";
import { settleCompleted } from "../functions/settle-completed.ts";
import { dueAt } from "../functions/shared-sql.ts";
import { startChain, startChains, startChainsInTurn } from "../functions/start-chains.ts";
import { stats } from "../functions/stats.ts";
import {
  giveBack,
  noteProgress,
  registerWorker,
  removeWorker,
  renew,
} from "../functions/workers.ts";
import { partitionFunctions } from "../partitions/partition-functions.ts";

/** All functions of the schema's current version. The bodies of PL/pgSQL are read when they first run, so they stand in any order. */
export const functions: readonly string[] = [
  dueAt,
  ...parts,
  settleAttempts("skipping"),
  settleAttempts("waiting"),
  noteStarted,
  claimJobs,
  exchange,
  settle,
  settleCompleted,
  startChain,
  startChains,
  startChainsInTurn,
  ...partitionFunctions,
  registerWorker,
  renew,
  noteProgress,
  giveBack,
  removeWorker,
  ...reap,
  promoteJobs,
  lockChains,
  ...endJobs,
  ...completions,
  cancelChains,
  redriveChains,
  triggerChains,
  rescheduleChains,
  ...deletions,
  pauseTypes,
  ...retirements,
  readChains,
  readJobs,
  chainLists,
  findChains("newest"),
  findChains("oldest"),
  countChains,
  someJobs,
  findJobs("newest"),
  findJobs("oldest"),
  listAttempts,
  chainGraph,
  listWorkers,
  stats,
];
