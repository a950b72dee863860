import type { Counter, Histogram, Meter } from "@opentelemetry/api";

/** As the conventions advise, in seconds. */
const operationBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
/** From milliseconds to a day: what waits may wait long. */
const waitBuckets = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400];
/** From a tenth of a second to a week. */
const chainBuckets = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400, 604_800];
const attemptBuckets = [1, 2, 3, 5, 8, 13, 21];
const lengthBuckets = [1, 2, 3, 5, 8, 13, 21, 34];

/** The counters and histograms. What is observed rather than counted stands with its observer. */
export interface Instruments {
  readonly sentMessages: Counter;
  readonly consumedMessages: Counter;
  readonly operationDuration: Histogram;
  readonly processDuration: Histogram;
  readonly jobWaitDuration: Histogram;
  readonly jobBlockedDuration: Histogram;
  readonly jobAttempts: Histogram;
  readonly jobRetries: Counter;
  readonly jobStuck: Counter;
  readonly chainDuration: Histogram;
  readonly chainLength: Histogram;
  readonly chainDeduplications: Counter;
  readonly chainDeletions: Counter;
  readonly leaseRenewals: Counter;
  readonly leaseExpirations: Counter;
  readonly workerWakeUps: Counter;
  readonly notifyErrors: Counter;
  readonly storeErrors: Counter;
}

export function createInstruments(meter: Meter): Instruments {
  const histogram = (
    name: string,
    unit: string,
    explicitBucketBoundaries: number[],
    description: string,
  ): Histogram =>
    meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries } });
  const counter = (name: string, unit: string, description: string): Counter =>
    meter.createCounter(name, { unit, description });
  return {
    sentMessages: counter(
      "messaging.client.sent.messages",
      "{message}",
      "Jobs that were created, once their transaction has committed, and attempts to create that failed.",
    ),
    consumedMessages: counter(
      "messaging.client.consumed.messages",
      "{message}",
      "Jobs that were handed to a handler.",
    ),
    operationDuration: histogram(
      "messaging.client.operation.duration",
      "s",
      operationBuckets,
      "How long calls of the client and a worker's claims and settlings took.",
    ),
    processDuration: histogram(
      "messaging.process.duration",
      "s",
      operationBuckets,
      "How long attempts took.",
    ),
    jobWaitDuration: histogram(
      "queuert.job.wait.duration",
      "s",
      waitBuckets,
      "From ready to claimed, by the database's clock.",
    ),
    jobBlockedDuration: histogram(
      "queuert.job.blocked.duration",
      "s",
      waitBuckets,
      "From a job's creation to the end of its last blocker, by the database's clock.",
    ),
    jobAttempts: histogram(
      "queuert.job.attempts",
      "{attempt}",
      attemptBuckets,
      "How many attempts it took to end a job.",
    ),
    jobRetries: counter("queuert.job.retries", "{retry}", "Attempts that another one will follow."),
    jobStuck: counter(
      "queuert.job.stuck",
      "{job}",
      "Jobs that are retried again after as many attempts as make them count as stuck.",
    ),
    chainDuration: histogram(
      "queuert.chain.duration",
      "s",
      chainBuckets,
      "From the start of a chain to its end, by the database's clock.",
    ),
    chainLength: histogram("queuert.chain.length", "{job}", lengthBuckets, "The jobs of a chain."),
    chainDeduplications: counter(
      "queuert.chain.deduplications",
      "{chain}",
      "Starts that found a chain.",
    ),
    chainDeletions: counter("queuert.chain.deletions", "{chain}", "Chains that were deleted."),
    leaseRenewals: counter(
      "queuert.lease.renewals",
      "{lease}",
      "Leases of workers that were extended.",
    ),
    leaseExpirations: counter(
      "queuert.lease.expirations",
      "{lease}",
      "Jobs that were taken from workers whose lease had ended.",
    ),
    workerWakeUps: counter(
      "queuert.worker.wakeups",
      "{wakeup}",
      "What made workers look for jobs, and whether there were any.",
    ),
    notifyErrors: counter("queuert.notify.errors", "{error}", "Outages of the wake-up channel."),
    storeErrors: counter(
      "queuert.store.errors",
      "{error}",
      "Outages of the database, as workers met them.",
    ),
  };
}
