import { describe, expect, test } from "vitest";
import {
  explainJob,
  type BlockerFacts,
  type FleetFacts,
  type JobFacts,
  type WorkerFacts,
} from "./explain.ts";
import type { Explanation } from "./explanation.ts";

const at = (second: number): Date => new Date(Date.UTC(2030, 0, 1, 0, 0, second));

const job = (fields: Partial<JobFacts> = {}): JobFacts => ({
  chainId: "A",
  chainIndex: 0,
  type: "email",
  status: "ready",
  attempt: 0,
  scheduledAt: at(1),
  readyAt: undefined,
  claimedAt: undefined,
  completedAt: undefined,
  workerId: undefined,
  openBlockers: 0,
  error: undefined,
  cancelReason: undefined,
  previous: undefined,
  blockers: [],
  ...fields,
});

const worker = (fields: Partial<WorkerFacts> = {}): WorkerFacts => ({
  workerId: "w1",
  name: "alpha",
  leaseUntil: at(30),
  types: ["email", "rate"],
  concurrency: 2,
  isLive: true,
  runningCount: 0,
  ...fields,
});

const fleet = (fields: Partial<FleetFacts> = {}): FleetFacts => ({
  workers: [worker()],
  isCapped: false,
  pausedTypes: new Set(),
  ...fields,
});

const blocker = (last: JobFacts | undefined, fields: Partial<BlockerFacts> = {}): BlockerFacts => ({
  slot: "rate",
  ordinal: 0,
  chainId: last?.chainId ?? "X",
  chainType: "rate",
  chainStatus: last?.status === "failed" ? "failed" : "open",
  isDeadlock: false,
  last,
  ...fields,
});

const blocked = (blockers: readonly BlockerFacts[], fields: Partial<JobFacts> = {}): JobFacts =>
  job({ status: "blocked", openBlockers: blockers.length, blockers, ...fields });

const error = { name: "TypeError", message: "no rate." };
const kinds = (explanation: Explanation): readonly string[] =>
  explanation.reasons.map(({ kind }) => kind);

/** One row for each thing that can hold a job, and what is said of it. */
const cases: readonly (readonly [string, JobFacts, FleetFacts, readonly string[], string])[] = [
  [
    "a scheduled job",
    job({ status: "scheduled" }),
    fleet(),
    ["scheduled"],
    "The job is scheduled for 2030-01-01T00:00:01.000Z.",
  ],
  [
    "a retry",
    job({ status: "scheduled", attempt: 3, previous: { attempt: 3, outcome: "retried", error } }),
    fleet(),
    ["scheduled"],
    "The job runs again at 2030-01-01T00:00:01.000Z, since attempt 3 failed: TypeError: no rate.",
  ],
  [
    "a scheduled job that nobody could run",
    job({ status: "scheduled" }),
    fleet({ workers: [], pausedTypes: new Set(["email"]) }),
    ["scheduled", "typePaused", "noWorker"],
    "The job is scheduled for 2030-01-01T00:00:01.000Z.",
  ],
  [
    "a job of a paused type",
    job(),
    fleet({ pausedTypes: new Set(["email"]) }),
    ["typePaused"],
    'The job is not claimed, since its type "email" is paused.',
  ],
  [
    "a job whose type nobody handles",
    job(),
    fleet({ workers: [worker({ types: ["rate"] })] }),
    ["noWorker"],
    'The job has no worker: none handles "email", so it waits for one, or for completeChain.',
  ],
  [
    "a job whose workers are all gone",
    job(),
    fleet({
      workers: [
        worker({ isLive: false }),
        worker({ name: "beta", isLive: false, leaseUntil: at(40) }),
      ],
    }),
    ["noWorker"],
    'The job has no live worker: the lease of "beta", the last that handled "email", ended at 2030-01-01T00:00:40.000Z.',
  ],
  [
    "a ready job when not every worker is known",
    job(),
    fleet({ workers: [], isCapped: true }),
    ["waitingForSlot"],
    "The job is ready and waits for a slot: 0 live workers of its type run 0 of 0 jobs.",
  ],
  [
    "a ready job with every slot taken",
    job({ readyAt: at(5) }),
    fleet({
      workers: [
        worker({ runningCount: 2 }),
        worker({ runningCount: 2 }),
        worker({ isLive: false }),
      ],
    }),
    ["waitingForSlot"],
    "The job is ready since 2030-01-01T00:00:05.000Z and waits for a slot: 2 live workers of its type run 4 of 4 jobs.",
  ],
  [
    "a ready job with a slot free",
    job({ readyAt: at(5) }),
    fleet({ workers: [worker({ runningCount: 1 })] }),
    ["waitingForSlot"],
    "The job is ready since 2030-01-01T00:00:05.000Z and is to be claimed: 1 live worker of its type runs 1 of 2 jobs.",
  ],
  [
    "a running job",
    job({ status: "running", workerId: "w1", claimedAt: at(7), attempt: 2 }),
    fleet({ pausedTypes: new Set(["email"]) }),
    ["running"],
    'The job runs (attempt 2) on worker "alpha" since 2030-01-01T00:00:07.000Z, leased until 2030-01-01T00:00:30.000Z.',
  ],
  [
    "a job that is held and has not begun",
    job({ status: "running", workerId: "w1", claimedAt: at(7) }),
    fleet(),
    ["running"],
    'The job is held by worker "alpha" since 2030-01-01T00:00:07.000Z, leased until 2030-01-01T00:00:30.000Z.',
  ],
  [
    "a job whose worker's lease ended",
    job({ status: "running", workerId: "w1", attempt: 1 }),
    fleet({ workers: [worker({ isLive: false })] }),
    ["leaseExpired", "noWorker"],
    'The job is held by worker "alpha", whose lease ended at 2030-01-01T00:00:30.000Z, and a live worker of its type will take it back.',
  ],
  [
    "a job whose worker is gone",
    job({ status: "running", workerId: "w9", attempt: 1 }),
    fleet(),
    ["leaseExpired"],
    'The job is held by a worker that is gone ("w9"), and a live worker of its type will take it back.',
  ],
  [
    "a completed job",
    job({ status: "completed", completedAt: at(9) }),
    fleet({ workers: [] }),
    ["completed"],
    "The job completed at 2030-01-01T00:00:09.000Z.",
  ],
  [
    "a continued job",
    job({ status: "continued" }),
    fleet(),
    ["continued"],
    'The job was continued with job "A:1".',
  ],
  [
    "a failed job",
    job({ status: "failed", attempt: 7, error }),
    fleet(),
    ["failed"],
    "The job failed after 7 attempts: TypeError: no rate; redrive its chain to run it again.",
  ],
  [
    "a failed job whose error is hidden",
    job({ status: "failed", attempt: 1 }),
    fleet(),
    ["failed"],
    "The job failed after 1 attempt; redrive its chain to run it again.",
  ],
  [
    "a cancelled job",
    job({ status: "cancelled", cancelReason: "by\nmistake" }),
    fleet(),
    ["cancelled"],
    "The job was cancelled: by mistake.",
  ],
  [
    "a cancelled job without a reason",
    job({ status: "cancelled" }),
    fleet(),
    ["cancelled"],
    "The job was cancelled.",
  ],
  [
    "a job that waits for a failed chain",
    blocked([
      blocker(
        job({
          chainId: "X",
          chainIndex: 2,
          type: "rate.read",
          status: "failed",
          attempt: 7,
          error,
        }),
      ),
    ]),
    fleet(),
    ["blocked"],
    'The job waits for chain "X" ("rate"), whose job "X:2" ("rate.read") failed after 7 attempts: TypeError: no rate.',
  ],
  [
    "a job that waits for a chain that waits for a chain",
    blocked([
      blocker(
        blocked([blocker(job({ chainId: "Y", type: "rate", status: "scheduled" }))], {
          chainId: "X",
        }),
      ),
    ]),
    fleet(),
    ["blocked"],
    'The job waits for chain "X" ("rate"), and through 1 more chain for job "Y:0" ("rate"), which is scheduled for 2030-01-01T00:00:01.000Z.',
  ],
  [
    "a job that waits for a chain behind others that was not looked at",
    blocked([
      blocker(
        blocked([blocker(blocked([blocker(undefined, { chainId: "Z" })], { chainId: "Y" }))], {
          chainId: "X",
        }),
      ),
    ]),
    fleet(),
    ["blocked"],
    'The job waits for chain "X" ("rate"), and through 2 more chains for chain "Z" ("rate"), which is open.',
  ],
  [
    "a job that waits for a chain that was not looked at",
    blocked([blocker(undefined)]),
    fleet(),
    ["blocked"],
    'The job waits for chain "X" ("rate"), which is open.',
  ],
  [
    "a job that waits for more than is known",
    blocked([], { openBlockers: 12 }),
    fleet(),
    ["blockedByOthers"],
    "The job waits for 12 chains.",
  ],
  [
    "a deadlock",
    blocked([
      blocker(job({ chainId: "Y", status: "scheduled" })),
      blocker(undefined, { isDeadlock: true }),
    ]),
    fleet(),
    ["deadlocked", "blocked"],
    'The job waits for chain "X" ("rate"), which waits for its own chain in turn, until one of them is cancelled.',
  ],
  [
    "a blocked job of a type that is paused and has no worker",
    blocked([blocker(undefined)]),
    fleet({ workers: [], pausedTypes: new Set(["email"]) }),
    ["blocked", "typePaused", "noWorker"],
    'The job waits for chain "X" ("rate"), which is open.',
  ],
];

describe("an explanation", () => {
  test.each(cases)("of %s", (_, facts, fleetFacts, expectedKinds, verdict) => {
    const explanation = explainJob({ job: facts, fleet: fleetFacts });
    expect(kinds(explanation)).toEqual(expectedKinds);
    expect(explanation.verdict).toBe(verdict);
    expect(explanation).toMatchObject({
      jobId: "A:0",
      chainId: "A",
      type: "email",
      status: facts.status,
    });
  });

  test("has a case for every reason", () => {
    const seen = new Set(cases.flatMap(([, , , expectedKinds]) => expectedKinds));
    const all: Readonly<Record<Explanation["reasons"][number]["kind"], true>> = {
      scheduled: true,
      blocked: true,
      deadlocked: true,
      blockedByOthers: true,
      typePaused: true,
      noWorker: true,
      waitingForSlot: true,
      running: true,
      leaseExpired: true,
      completed: true,
      continued: true,
      failed: true,
      cancelled: true,
    };
    expect([...seen].toSorted()).toEqual(Object.keys(all).toSorted());
  });

  test("puts what has to be repaired before what waiting repairs", () => {
    const waiting = blocker(job({ chainId: "W", status: "scheduled" }), { slot: "waiting" });
    const unhandled = blocker(job({ chainId: "U", type: "nobody" }), { slot: "unhandled" });
    const behind = blocker(
      blocked([blocker(job({ chainId: "F", status: "failed", attempt: 1 }))], { chainId: "B" }),
      { slot: "behind" },
    );
    const unknownFailed = blocker(undefined, { slot: "unknown failed", chainStatus: "failed" });
    const explanation = explainJob({
      job: blocked([waiting, unhandled, behind, unknownFailed], { openBlockers: 9 }),
      fleet: fleet(),
    });
    expect(
      explanation.reasons.map((reason) => ("slot" in reason ? reason.slot : reason.kind)),
    ).toEqual(["behind", "unknown failed", "unhandled", "waiting", "blockedByOthers"]);
    expect(explanation.verdict).toMatch(
      /^The job waits for 9 chains, among them "B" \("rate"\), and through 1 more chain for job "F:0"/,
    );
  });

  test("keeps the text of an error to one short line", () => {
    const long = { name: "Error", message: `${"long ".repeat(100)}\r\n\tend` };
    const { verdict } = explainJob({
      job: job({ status: "failed", attempt: 1, error: long }),
      fleet: fleet(),
    });
    expect(verdict).not.toMatch(/[\r\n\t]/);
    expect(verdict.length).toBeLessThan(300);
  });

  test("names a worker without what it is not asked for", () => {
    const [reason] = explainJob({
      job: job({ status: "running", workerId: "w1" }),
      fleet: fleet(),
    }).reasons;
    expect(reason).toMatchObject({ worker: { workerId: "w1", name: "alpha", leaseUntil: at(30) } });
    expect(Object.keys((reason as { worker: object }).worker)).toEqual([
      "workerId",
      "name",
      "leaseUntil",
    ]);
  });
});
