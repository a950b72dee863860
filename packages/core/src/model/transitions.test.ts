import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  chainStatuses,
  finalJobStatuses,
  isFinalJobStatus,
  jobStatuses,
  type JobStatus,
} from "./status.ts";
import {
  chainStatusOf,
  jobStatusesBefore,
  jobTransitions,
  nextJobStatuses,
  waitingStatus,
  type JobEvent,
} from "./transitions.ts";

const events: readonly JobEvent[] = [
  ...new Set(jobStatuses.flatMap((status) => Object.keys(jobTransitions[status]) as JobEvent[])),
];
const anyStatus = fc.constantFrom(...jobStatuses);
const anyEvent = fc.constantFrom(...events);

/** The statuses that can be come to from one, itself included. */
function reachableFrom(start: JobStatus): Set<JobStatus> {
  const reached = new Set([start]);
  for (const status of reached)
    for (const event of events)
      for (const next of nextJobStatuses(status, event)) reached.add(next);
  return reached;
}

describe("the state machine of a job", () => {
  test("leads from each status to statuses that there are, and looks back as it looks ahead", () => {
    fc.assert(
      fc.property(anyStatus, anyEvent, (status, event) => {
        const next = nextJobStatuses(status, event);
        for (const reached of next) expect(jobStatuses).toContain(reached);
        expect(jobStatusesBefore(event).includes(status)).toBe(next.length > 0);
      }),
    );
  });

  test("a final job stays as it is, but for a failed one that is redriven", () => {
    for (const status of finalJobStatuses) {
      expect(events.filter((event) => nextJobStatuses(status, event).length > 0)).toEqual(
        status === "failed" ? ["redrive"] : [],
      );
    }
  });

  test("P4: every job that is not final can come to an end, and can be cancelled on its way", () => {
    for (const status of jobStatuses.filter((one) => !isFinalJobStatus(one))) {
      expect(reachableFrom(status)).toContain("completed");
      expect(nextJobStatuses(status, "cancel")).toEqual(["cancelled"]);
    }
  });

  test("P3: a job runs only by a claim, of a ready job", () => {
    const ways = jobStatuses.flatMap((status) =>
      events
        .filter((event) => nextJobStatuses(status, event).includes("running"))
        .map((event) => [status, event]),
    );
    expect(ways).toEqual([["ready", "claim"]]);
  });

  test("a job is blocked from its start or never", () => {
    const ways = jobStatuses.filter(
      (status) =>
        status !== "blocked" &&
        events.some((event) => nextJobStatuses(status, event).includes("blocked")),
    );
    expect(ways).toEqual([]);
  });

  test("a blocked job is neither completed, continued nor triggered", () => {
    for (const event of ["complete", "continue", "trigger", "claim", "due"] as const)
      expect(nextJobStatuses("blocked", event)).toEqual([]);
  });

  test("where the time decides, it decides as for a job that nobody holds", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<JobEvent>("blockersCompleted", "reschedule", "retry"),
        fc.integer(),
        fc.integer(),
        (event, scheduledAtMs, nowMs) => {
          for (const status of jobStatusesBefore(event)) {
            const openBlockerCount = status === "blocked" && event !== "blockersCompleted" ? 1 : 0;
            expect(nextJobStatuses(status, event)).toContain(
              waitingStatus(openBlockerCount, scheduledAtMs, nowMs),
            );
          }
        },
      ),
    );
  });
});

describe("a job that nobody holds", () => {
  test("is blocked while blockers are open, whatever its time", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1 }),
        fc.integer(),
        fc.integer(),
        (openBlockerCount, scheduledAtMs, nowMs) => {
          expect(waitingStatus(openBlockerCount, scheduledAtMs, nowMs)).toBe("blocked");
        },
      ),
    );
  });

  test("P8: is ready from the very ms of its time", () => {
    expect(waitingStatus(0, 1_001, 1_000)).toBe("scheduled");
    expect(waitingStatus(0, 1_000, 1_000)).toBe("ready");
    expect(waitingStatus(0, 999, 1_000)).toBe("ready");
  });
});

describe("the status of a chain", () => {
  test("is closed as its last job is, and open while that goes on", () => {
    const expected: Record<JobStatus, string> = {
      blocked: "open",
      scheduled: "open",
      ready: "open",
      running: "open",
      completed: "completed",
      continued: "open",
      failed: "failed",
      cancelled: "cancelled",
    };
    for (const status of jobStatuses) expect(chainStatusOf(status)).toBe(expected[status]);
    expect(new Set(jobStatuses.map(chainStatusOf))).toEqual(new Set(chainStatuses));
  });
});
