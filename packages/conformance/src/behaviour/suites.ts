import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { aborts } from "./aborts.ts";
import { actions } from "./actions.ts";
import { awaitChain } from "./await-chain.ts";
import { blockers } from "./blockers.ts";
import { chains } from "./chains.ts";
import { clients } from "./clients.ts";
import { completeChain } from "./complete-chain.ts";
import { concurrency } from "./concurrency.ts";
import { deduplication } from "./deduplication.ts";
import { events } from "./events.ts";
import { isolation } from "./isolation.ts";
import { leases } from "./leases.ts";
import { middleware } from "./middleware.ts";
import { modes } from "./modes.ts";
import { notifyFaults } from "./notify-faults.ts";
import { payloads } from "./payloads.ts";
import { progress } from "./progress.ts";
import { retention } from "./retention.ts";
import { retries } from "./retries.ts";
import { shutdown } from "./shutdown.ts";
import { storeFaults } from "./store-faults.ts";
import { telemetry } from "./telemetry.ts";
import { transactions } from "./transactions.ts";
import { wakeUps } from "./wake-ups.ts";

/** The engine's stories, each told on a pair of a state and a notify adapter. */
export const behaviourSuites: readonly ConformanceSuite<ConformanceStore>[] = [
  chains,
  blockers,
  deduplication,
  transactions,
  modes,
  retries,
  payloads,
  leases,
  aborts,
  shutdown,
  actions,
  completeChain,
  awaitChain,
  clients,
  concurrency,
  middleware,
  progress,
  wakeUps,
  notifyFaults,
  storeFaults,
  retention,
  events,
  telemetry,
  isolation,
];
