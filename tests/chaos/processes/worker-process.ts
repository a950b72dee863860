// A worker of a run, in a process of its own: `node worker-process.ts <settings>`. It ends with its run, or when it is told to.
import { setTimeout as wait } from "node:timers/promises";

import {
  createClient,
  createWorker,
  StoreConflictError,
  StoreUnavailableError,
  UnrecoverableError,
  type EventSubscriber,
} from "queuert";

import { openLocation } from "../databases/open-location.ts";
import { createHandlers, PlannedFailure } from "../workload/handlers.ts";
import { jobTypes } from "../workload/job-types.ts";
import type { RunMessage, WorkerMessage, WorkerSettings } from "./messages.ts";
import { skewClock } from "./skew-clock.ts";
import { describeError, isFaultError } from "./surprise.ts";

const reportIntervalMs = 250;

const settings = JSON.parse(process.argv[2]!) as WorkerSettings;
if (settings.clockSkewMs !== 0) skewClock(settings.clockSkewMs);
const die = (): never => process.exit(1);
process.on("disconnect", die);

const seen = new Map<string, number>();
const subscriber: EventSubscriber = (events) => {
  for (const event of events) {
    const name =
      event.name === "attempt.ended"
        ? ["attempt", event.outcome, event.reason].filter((word) => word !== undefined).join(" ")
        : event.name;
    seen.set(name, (seen.get(name) ?? 0) + 1);
    if (event.name === "attempt.ended" && event.error !== undefined) tellSurprise(event.error);
    if (event.name === "callback.failed")
      send({ kind: "surprise", text: describeError(event.error) });
  }
};

function tellSurprise(error: unknown): void {
  const isPlanned = error instanceof PlannedFailure || isDoom(error);
  if (!isPlanned && !isFaultError(error)) {
    send({ kind: "surprise", text: describeError(error) });
  }
}

function isDoom(error: unknown): boolean {
  return error instanceof UnrecoverableError && error.message === "The order is doomed.";
}

function send(message: WorkerMessage): void {
  if (process.connected) process.send!(message);
}

function reportSeen(): void {
  if (seen.size > 0) send({ kind: "seen", counts: Object.fromEntries(seen) });
  seen.clear();
}

/** A process that is started while the database is away waits for it. */
async function untilAvailable<TResult>(run: () => Promise<TResult>): Promise<TResult> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      const isAway = error instanceof StoreUnavailableError || error instanceof StoreConflictError;
      if (!isAway) throw error;
      await wait(100);
    }
  }
}

const { state, notify, setDisk, close } = openLocation(settings.location);
if (settings.isMigrating) await untilAvailable(async () => state.migrate());
const client = await untilAvailable(async () =>
  createClient({
    jobTypes,
    state,
    notify: settings.hasNotify ? notify : undefined,
    events: [subscriber],
  }),
);
const { name, concurrency, leaseMs, pollIntervalMs } = settings;
const worker = createWorker(client, {
  name,
  concurrency,
  leaseMs,
  pollIntervalMs,
  // An outage fails attempts that commit, as often as it takes.
  retry: { maxAttempts: 1_000, backoff: { initialMs: 20, maxMs: 500 } },
  handlers: [createHandlers(client)],
});

process.on("message", (message: RunMessage) => {
  if (message.kind === "disk") setDisk(message.disk);
  else void stop();
});
const reporting = setInterval(reportSeen, reportIntervalMs);

async function stop(): Promise<void> {
  await worker.stop({ timeoutMs: 5_000 });
  await client.close();
  await close();
  clearInterval(reporting);
  reportSeen();
  process.off("disconnect", die);
  if (process.connected) process.disconnect();
}

await untilAvailable(async () => worker.start());
send({ kind: "started" });
