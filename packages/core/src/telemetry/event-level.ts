import type { DomainEvent } from "../ports/telemetry.ts";

/** How grave something is, in rising order. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/**
 * How grave an event is, for a logger of one's own: the level at which the console logger writes it. What goes as planned in the life of a job is
 * `debug`, in that of a chain or a worker `info`.
 */
export function levelOfEvent(event: DomainEvent): LogLevel {
  switch (event.name) {
    case "chain.deduplicated":
    case "job.continued":
    case "job.completedWithoutWorker":
    case "job.triggered":
    case "job.rescheduled":
    case "attempt.started":
      return "debug";
    case "chain.started":
    case "chain.closed":
    case "chain.redriven":
    case "chain.deleted":
    case "chains.retired":
    case "job.unblocked":
    case "type.paused":
    case "type.resumed":
    case "worker.started":
    case "worker.stopping":
    case "worker.stopped":
    case "store.recovered":
    case "notify.recovered":
      return "info";
    case "attempt.reaped":
    case "worker.leaseLost":
      return "warn";
    case "store.unavailable":
    case "notify.unavailable":
    case "callback.failed":
      return "error";
    case "attempt.ended":
      return endLevels[event.outcome];
    case "attempt.aborted":
      return event.reason === "timeout" || event.reason === "leaseLost" ? "warn" : "info";
    case "operate.action":
      return event.action === "cancel" || event.action === "delete" ? "warn" : "info";
    default:
      return unknownLevel(event);
  }
}

const endLevels: Readonly<
  Record<Extract<DomainEvent, { name: "attempt.ended" }>["outcome"], LogLevel>
> = {
  completed: "debug",
  continued: "debug",
  rescheduled: "debug",
  released: "debug",
  cancelled: "info",
  lost: "warn",
  retried: "warn",
  failed: "error",
};

/** The compiler sees to it that no event comes here. */
function unknownLevel(_event: never): LogLevel {
  return "info";
}
