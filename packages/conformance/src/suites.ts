import { behaviourSuites } from "./behaviour/suites.ts";
import type { ConformanceCase, ConformanceSuite, SuiteKind } from "./case.ts";
import type { NotifyContext, StateContext } from "./state-context.ts";
import { deliveryCases } from "./notify/delivery.ts";
import { notifyIsolationCases } from "./notify/isolation.ts";
import { lifecycleCases } from "./notify/lifecycle.ts";
import { blockerCases } from "./state/blockers.ts";
import { bystanderCases } from "./state/bystanders.ts";
import { cancelCases } from "./state/cancel.ts";
import { chainGraphCases } from "./state/chain-graph.ts";
import { claimCases } from "./state/claim.ts";
import { closeCases } from "./state/close.ts";
import { completeChainsCases } from "./state/complete-chains.ts";
import { concurrencyCases } from "./state/concurrency.ts";
import { deduplicationCases } from "./state/deduplication.ts";
import { deleteChainsCases } from "./state/delete-chains.ts";
import { durationCases } from "./state/durations.ts";
import { fanInCases } from "./state/fan-in.ts";
import { fenceCases } from "./state/fence.ts";
import { clockCases, isolationCases } from "./state/isolation.ts";
import { migrateCases } from "./state/migrate.ts";
import { limitCases, payloadCases } from "./state/payloads.ts";
import { promoteCases } from "./state/promote.ts";
import { readChainsCases } from "./state/read-chains.ts";
import { listAttemptsCases, readJobsCases, statsCases } from "./state/read-jobs.ts";
import { reapCases } from "./state/reap.ts";
import { redriveCases } from "./state/redrive.ts";
import { setTypesPausedCases } from "./state/set-types-paused.ts";
import { retireChainsCases } from "./state/retire-chains.ts";
import { settleAgainCases } from "./state/settle-again.ts";
import { settleInTransactionCases } from "./state/settle-in-transaction.ts";
import { settleOutcomeCases } from "./state/settle-outcomes.ts";
import { startChainsCases } from "./state/start-chains.ts";
import { traceContextCases } from "./state/trace-contexts.ts";
import { transactionCases } from "./state/transaction.ts";
import { transitionCases } from "./state/transitions.ts";
import { rescheduleCases, triggerCases } from "./state/trigger-and-reschedule.ts";
import { workerCases } from "./state/workers.ts";

/** A suite of any kind; the runner gives each the context of its kind. */
export type AnySuite = ConformanceSuite<never>;

function suitesOf<TContext>(
  kind: SuiteKind,
  casesByName: Readonly<Record<string, readonly ConformanceCase<TContext>[]>>,
): ConformanceSuite<TContext>[] {
  return Object.entries(casesByName).map(([name, cases]) => ({ kind, name, cases }));
}

const stateSuites = suitesOf<StateContext>("state", {
  transaction: transactionCases,
  migrate: migrateCases,
  close: closeCases,
  "start chains": startChainsCases,
  deduplication: deduplicationCases,
  blockers: blockerCases,
  "fan-in": fanInCases,
  claim: claimCases,
  "settle outcomes": settleOutcomeCases,
  "settle again": settleAgainCases,
  "settle in a transaction": settleInTransactionCases,
  fence: fenceCases,
  workers: workerCases,
  reap: reapCases,
  promote: promoteCases,
  "complete chains": completeChainsCases,
  cancel: cancelCases,
  redrive: redriveCases,
  trigger: triggerCases,
  reschedule: rescheduleCases,
  "delete chains": deleteChainsCases,
  "retire chains": retireChainsCases,
  "set types paused": setTypesPausedCases,
  "read chains": readChainsCases,
  "read jobs": readJobsCases,
  "list attempts": listAttemptsCases,
  stats: statsCases,
  "chain graph": chainGraphCases,
  "trace contexts": traceContextCases,
  durations: durationCases,
  payloads: payloadCases,
  limits: limitCases,
  clock: clockCases,
  isolation: isolationCases,
  concurrency: concurrencyCases,
  transitions: transitionCases,
  bystanders: bystanderCases,
});

const notifySuites = suitesOf<NotifyContext>("notify", {
  delivery: deliveryCases,
  lifecycle: lifecycleCases,
  isolation: notifyIsolationCases,
});

/** Every suite of this package, of all kinds. */
export function listSuites(): readonly AnySuite[] {
  return [...stateSuites, ...notifySuites, ...behaviourSuites];
}
