import { SeverityNumber, type Attributes } from "@opentelemetry/api";
import type { EmittedEvent } from "queuert";

import {
  attributeNames as names,
  ownAttributeNames as own,
  toSeconds,
} from "../conventions/attributes.ts";
import type { ResolvedOptions } from "../options.ts";
import {
  attemptAttributes,
  chainAttributes,
  definedAttributes,
  jobAttributes,
  labelAttributes,
} from "./subject-attributes.ts";

/** A log record to be: its event's time and context are added to it. */
export interface LogEntry {
  readonly eventName: string;
  readonly severityNumber: SeverityNumber;
  /** A short sentence. Never a payload. */
  readonly body: string;
  readonly attributes: Attributes;
  readonly exception?: unknown;
}

const { DEBUG, INFO, WARN, ERROR } = SeverityNumber;

type EventNamed<TName extends EmittedEvent["name"]> = EmittedEvent & { readonly name: TName };

type Descriptions = {
  readonly [TName in EmittedEvent["name"]]: (
    event: EventNamed<TName>,
    options: ResolvedOptions,
  ) => LogEntry | readonly LogEntry[];
};

/** The records of an event: most have one, few have none. */
export function describeEvent(event: EmittedEvent, options: ResolvedOptions): readonly LogEntry[] {
  const describe = descriptions[event.name] as Descriptions[typeof event.name] &
    ((event: EmittedEvent, options: ResolvedOptions) => LogEntry | readonly LogEntry[]);
  const described = describe(event, options);
  return Array.isArray(described) ? described : [described as LogEntry];
}

const descriptions: Descriptions = {
  "chain.started": (event) => {
    const attributes = { ...chainAttributes(event), ...labelAttributes(event.labels) };
    const body = `A chain of "${event.chainType}" was started.`;
    const started = entry("queuert.chain.started", INFO, body, attributes);
    return event.jobStatus === "blocked"
      ? [started, blockedEntry(event.chainType, chainAttributes(event))]
      : started;
  },
  "chain.deduplicated": (event) =>
    entry("queuert.chain.deduplicated", DEBUG, `A start of "${event.chainType}" found a chain.`, {
      ...chainAttributes(event),
      [own.deduplication]: event.outcome,
    }),
  "chain.closed": (event) =>
    entry(
      "queuert.chain.closed",
      INFO,
      `A chain of "${event.chainType}" has ${event.status === "cancelled" ? "been " : ""}${event.status}.`,
      {
        ...chainAttributes(event),
        [own.chainStatus]: event.status,
        [own.chainDuration]: toSeconds(event.durationMs),
      },
    ),
  "chain.redriven": (event) =>
    entry(
      "queuert.chain.redriven",
      INFO,
      `A chain of "${event.chainType}" was opened again.`,
      chainAttributes(event),
    ),
  "chain.deleted": (event) =>
    entry("queuert.chain.deleted", INFO, `A chain of "${event.chainType}" was deleted.`, {
      ...chainAttributes(event),
      [own.deletionReason]: "operator",
    }),
  "chains.retired": (event) =>
    entry(
      "queuert.chain.deleted",
      INFO,
      `${event.count} chains of "${event.chainType}" were retired.`,
      {
        [own.chainType]: event.chainType,
        [own.chainStatus]: event.status,
        [own.deletionReason]: "cleanup",
        [own.affectedCount]: event.count,
      },
    ),
  "job.continued": (event) => {
    const { type, nextType, nextJobId, nextStatus } = event;
    const next = { [own.nextType]: nextType, [own.nextId]: nextJobId };
    const continued = entry(
      "queuert.job.continued",
      DEBUG,
      `"${type}" continued with "${nextType}".`,
      { ...jobAttributes(event), ...next },
    );
    const nextJob = jobAttributes({ ...event, type: nextType, jobId: nextJobId });
    return nextStatus === "blocked" ? [continued, blockedEntry(nextType, nextJob)] : continued;
  },
  "job.completedWithoutWorker": (event) =>
    entry(
      "queuert.job.completed_without_worker",
      DEBUG,
      `A job of "${event.type}" was ${event.outcome} without a worker.`,
      { ...jobAttributes(event), [own.outcome]: event.outcome },
    ),
  "job.unblocked": (event) =>
    entry("queuert.job.unblocked", INFO, `A job of "${event.type}" waits for nothing more.`, {
      ...jobAttributes(event),
      [own.blockedDuration]: toSeconds(event.blockedMs),
    }),
  "job.triggered": (event) =>
    entry(
      "queuert.job.triggered",
      DEBUG,
      `A job of "${event.type}" was made to run at once.`,
      jobAttributes(event),
    ),
  "job.rescheduled": (event) => rescheduledEntry(event.type, jobAttributes(event)),
  "attempt.started": () => [],
  "attempt.ended": (event, options) => {
    switch (event.outcome) {
      case "rescheduled":
        return rescheduledEntry(event.type, attemptAttributes(event));
      case "retried":
      case "failed":
        return failureEntries(event, options);
      default:
        // What it led to has an event of its own, and so has the loss of a lease.
        return [];
    }
  },
  "attempt.aborted": (event) =>
    entry(
      "queuert.attempt.aborted",
      event.reason === "timeout" || event.reason === "leaseLost" ? WARN : INFO,
      `An attempt of "${event.type}" was told to stop.`,
      { ...attemptAttributes(event), [own.abortReason]: event.reason },
    ),
  "attempt.reaped": (event) =>
    entry(
      "queuert.lease.expired",
      WARN,
      `A job of "${event.type}" was taken from a worker whose lease had ended.`,
      { ...attemptAttributes(event), [own.outcome]: event.outcome },
    ),
  "type.paused": (event) => typeEntry("queuert.type.paused", event.type, "paused"),
  "type.resumed": (event) => typeEntry("queuert.type.resumed", event.type, "resumed"),
  "worker.started": (event) =>
    entry("queuert.worker.started", INFO, `The worker "${event.workerName}" has started.`, {
      [own.workerId]: event.workerId,
      [names.clientId]: event.workerName,
      [own.workerTypes]: [...event.types],
      [own.workerSlotCount]: event.concurrency,
    }),
  "worker.stopping": ({ workerId, runningCount }) =>
    entry("queuert.worker.stopping", INFO, `A worker stops, with ${runningCount} jobs running.`, {
      [own.workerId]: workerId,
    }),
  "worker.stopped": ({ workerId }) =>
    entry("queuert.worker.stopped", INFO, "A worker has stopped.", { [own.workerId]: workerId }),
  "worker.leaseLost": ({ workerId, heldCount }) =>
    entry(
      "queuert.worker.lease_lost",
      WARN,
      `A worker found its lease over, with ${heldCount} jobs in its hands.`,
      { [own.workerId]: workerId },
    ),
  "store.unavailable": ({ workerId, error }, { errorType }) =>
    entry(
      "queuert.worker.error",
      ERROR,
      "A worker cannot reach the database.",
      { [own.workerId]: workerId, [names.errorType]: errorType(error) },
      error,
    ),
  "store.recovered": ({ workerId, outageMs }) =>
    entry("queuert.worker.recovered", INFO, "A worker reaches the database again.", {
      [own.workerId]: workerId,
      [own.outageDuration]: toSeconds(outageMs),
    }),
  "notify.unavailable": ({ error }, { errorType }) =>
    entry(
      "queuert.notify.error",
      ERROR,
      "The wake-up channel is away.",
      { [names.errorType]: errorType(error) },
      error,
    ),
  "notify.recovered": () =>
    entry("queuert.notify.recovered", INFO, "The wake-up channel is back.", {}),
  "callback.failed": ({ callback, error, jobId }, { errorType }) =>
    entry(
      "queuert.callback.error",
      ERROR,
      "A callback threw where nobody could catch it.",
      {
        [own.callback]: callback,
        [names.errorType]: errorType(error),
        ...definedAttributes({ [names.messageId]: jobId }),
      },
      error,
    ),
  "operate.action": ({ action, actor, reason, affectedCount }) =>
    entry(
      "queuert.ops.action",
      action === "cancel" || action === "delete" ? WARN : INFO,
      `An operator did "${action}".`,
      {
        [own.action]: action,
        [own.affectedCount]: affectedCount,
        ...definedAttributes({ [own.actor]: actor, [own.actionReason]: reason }),
      },
    ),
};

/** An attempt that threw; and a job that has thrown as often as makes it stuck. */
function failureEntries(
  event: EventNamed<"attempt.ended">,
  { errorType, severity, stuckAfterAttempts }: ResolvedOptions,
): readonly LogEntry[] {
  const { type, outcome, attempt, error, retryInMs, atMs } = event;
  const willRetry = outcome === "retried";
  const retryAt = retryInMs === undefined ? undefined : new Date(atMs + retryInMs).toISOString();
  const exception = entry(
    "messaging.process.exception",
    severity(error, { attempt, type, willRetry }),
    `Attempt ${attempt} of "${type}" failed${willRetry ? " and is retried" : ""}.`,
    {
      ...attemptAttributes(event),
      [names.operationName]: "process",
      [names.operationType]: "process",
      [names.errorType]: errorType(error),
      [own.willRetry]: willRetry,
      ...definedAttributes({ [own.retryAt]: retryAt }),
    },
    error,
  );
  if (!willRetry || attempt < stuckAfterAttempts) return [exception];
  const body = `A job of "${type}" has failed ${attempt} times.`;
  return [exception, entry("queuert.job.stuck", WARN, body, attemptAttributes(event))];
}

function rescheduledEntry(type: string, attributes: Attributes): LogEntry {
  return entry("queuert.job.rescheduled", DEBUG, `A job of "${type}" was rescheduled.`, attributes);
}

function blockedEntry(type: string, attributes: Attributes): LogEntry {
  return entry("queuert.job.blocked", INFO, `A job of "${type}" waits for others.`, attributes);
}

function typeEntry(eventName: string, type: string, what: string): LogEntry {
  return entry(eventName, INFO, `The job type "${type}" was ${what}.`, {
    [names.destination]: type,
  });
}

function entry(
  eventName: string,
  severityNumber: SeverityNumber,
  body: string,
  attributes: Attributes,
  exception?: unknown,
): LogEntry {
  return {
    eventName,
    severityNumber,
    body,
    attributes,
    ...(exception === undefined ? {} : { exception }),
  };
}
