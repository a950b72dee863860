import type {
  AttemptTrace,
  CallTrace,
  EmittedEvent,
  Telemetry,
  TracedAttempt,
  TracedCall,
  WorkerTrace,
} from "queuert";

/** A call that was traced, and what it was told. */
export interface LoggedCall {
  readonly call: TracedCall;
  /** How the call itself ended. */
  end: "open" | "returned" | "threw";
  /** The names of the events that it was told, in each telling. */
  readonly told: (readonly string[])[];
}

/** An attempt that was traced. */
export interface LoggedAttempt {
  readonly attempt: TracedAttempt;
  readonly settlings: string[];
  readonly told: string[];
}

/** Telemetry that notes what it hears. The trace contexts that it gives are texts which say where they come from. */
export interface TraceLog {
  readonly telemetry: Telemetry;
  readonly calls: readonly LoggedCall[];
  readonly attempts: readonly LoggedAttempt[];
  /** Told outside of any call or attempt. */
  readonly others: readonly EmittedEvent[];
  /** How many jobs the claims brought, in all. */
  claimedCount(): number;
}

export function createTraceLog(): TraceLog {
  const calls: LoggedCall[] = [];
  const attempts: LoggedAttempt[] = [];
  const others: EmittedEvent[] = [];
  let claimedCount = 0;

  const beginCall = (call: TracedCall): CallTrace => {
    const logged: LoggedCall = { call, end: "open", told: [] };
    calls.push(logged);
    const jobs =
      call.name === "startChains"
        ? call.jobs
        : call.name === "completeChain" && call.next !== undefined
          ? [call.next]
          : [];
    return {
      traceContexts: jobs.map(({ type }) => `created ${type} by ${call.name}`),
      endedTraceContext: `ended by ${call.name}`,
      returned() {
        logged.end = "returned";
      },
      threw() {
        logged.end = "threw";
      },
      record: (events) => void logged.told.push(events.map(({ name }) => name)),
    };
  };

  const beginAttempt = (attempt: TracedAttempt): AttemptTrace => {
    const logged: LoggedAttempt = { attempt, settlings: [], told: [] };
    attempts.push(logged);
    return {
      run: (handle) => handle(),
      settling({ outcome, next }) {
        logged.settlings.push(outcome);
        return {
          traceContext: `${outcome} by attempt ${attempt.attempt}`,
          nextTraceContext: next === undefined ? undefined : `created ${next.type} by attempt`,
        };
      },
      record: (events) => void logged.told.push(...events.map(({ name }) => name)),
    };
  };

  const beginWorker = (): WorkerTrace => ({
    detached: (run) => run(),
    claimed: ({ jobs }) => void (claimedCount += jobs.length),
    renewed: () => {},
    ended: () => {},
  });

  return {
    telemetry: {
      beginCall,
      beginAttempt,
      beginWorker,
      record: (events) => void others.push(...events),
    },
    calls,
    attempts,
    others,
    claimedCount: () => claimedCount,
  };
}
