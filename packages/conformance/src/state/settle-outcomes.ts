import type { Outcome } from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { attemptKey, createActor, expireLeases, startAndClaim } from "../support/actor.ts";
import {
  chainOf,
  completed,
  continued,
  errorText,
  failed,
  jobOf,
  released,
  rescheduled,
  retried,
  startOne,
  waitFor,
} from "../support/jobs.ts";

const minute = 60_000;

export const settleOutcomeCases: readonly ConformanceCase<StateContext>[] = [
  defineCase("P2: completed closes job and chain with the output", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor);
    context.clock.advance(500);
    const now = new Date(context.clock.now());
    expect.equal(await actor.settle(job, completed('{"n":1}')), {
      kind: "settled",
      effects: { chainStatus: "completed", chainDurationMs: 500, unblocked: [] },
    });
    expect.match(await jobOf(context, job), {
      status: "completed",
      output: '{"n":1}',
      error: undefined,
      workerId: undefined,
      completedAt: now,
      completedBy: actor.workerId,
      attempt: 1,
      claimNo: 1,
    });
    expect.match(await chainOf(context, job.chainId), {
      status: "completed",
      closedAt: now,
      output: '{"n":1}',
      error: undefined,
      last: { chainIndex: 0, status: "completed" },
    });
  }),

  defineCase("P2: completed without an output stores none", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor);
    await actor.settle(job, completed(undefined));
    expect.match(await chainOf(context, job.chainId), { status: "completed", output: undefined });
  }),

  defineCase(
    "P2: continued inserts the next job, and the chain stays open",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { priority: 5 });
      context.clock.advance(500);
      const now = new Date(context.clock.now());
      const next = { type: "next", input: '"in"', priority: 2, traceContext: '"trace"' };
      expect.equal(await actor.settle(job, continued(next)), {
        kind: "settled",
        effects: { waiting: { type: "next", status: "ready" }, unblocked: [] },
      });
      expect.match(await jobOf(context, job), {
        status: "continued",
        completedAt: now,
        completedBy: actor.workerId,
        output: undefined,
      });
      expect.match(await jobOf(context, { chainId: job.chainId, chainIndex: 1 }), {
        ...next,
        chainType: "work",
        status: "ready",
        attempt: 0,
        claimNo: 0,
        createdAt: now,
        scheduledAt: now,
        readyAt: now,
        dependents: 0,
        openBlockers: 0,
      });
      expect.match(await chainOf(context, job.chainId), {
        status: "open",
        closedAt: undefined,
        type: "work",
        last: { chainIndex: 1, type: "next", status: "ready" },
      });
    },
  ),

  defineCase(
    "P2: continued with a schedule inserts the next job scheduled",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const now = context.clock.now();
      expect.match(
        await actor.settle(job, continued({ type: "next", schedule: { delayMs: minute } })),
        { effects: { waiting: { type: "next", status: "scheduled" } } },
      );
      expect.match(await jobOf(context, { chainId: job.chainId, chainIndex: 1 }), {
        status: "scheduled",
        scheduledAt: new Date(now + minute),
      });
    },
  ),

  defineCase("P2: a chain of 50 jobs ends with the output of its last", async (context, expect) => {
    const actor = await createActor(context);
    let job = await startAndClaim(context, actor);
    for (let index = 1; index < 50; index++) {
      await actor.settle(job, continued({ input: `${index}` }));
      job = await actor.claimOne("work");
      expect.match(job, {
        chainIndex: index,
        input: `${index}`,
        chainType: "work",
        attempt: 1,
        claimNo: 1,
      });
    }
    await actor.settle(job, completed('"end"'));
    expect.match(await chainOf(context, job.chainId), {
      status: "completed",
      output: '"end"',
      last: { chainIndex: 49 },
    });
  }),

  defineCase(
    "D1: retried after a delay is scheduled, and the attempt counts",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const now = context.clock.now();
      expect.equal(await actor.settle(job, retried(minute)), {
        kind: "settled",
        effects: { waiting: { type: "work", status: "scheduled" }, unblocked: [] },
      });
      expect.match(await jobOf(context, job), {
        status: "scheduled",
        scheduledAt: new Date(now + minute),
        attempt: 1,
        error: errorText,
        workerId: undefined,
        completedAt: undefined,
      });
      expect.equal(await actor.claim("work"), [], "claimed before its time");
      context.clock.advance(minute);
      await context.state.promote({ limit: 10 });
      expect.match(await actor.claimOne("work"), { attempt: 2, claimNo: 2 });
    },
  ),

  defineCase("D1: retried at once is ready, and the attempt counts", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor);
    expect.match(await actor.settle(job, retried(0)), {
      kind: "settled",
      effects: { waiting: { type: "work", status: "ready" } },
    });
    expect.match(await actor.claimOne("work"), { attempt: 2, claimNo: 2 });
  }),

  defineCase(
    "P8: a job that runs again is ready from the moment of its settlement, or not before its time",
    async (context, expect) => {
      const actor = await createActor(context);
      const past: Outcome = {
        kind: "rescheduled",
        schedule: { at: new Date(context.clock.now()) },
      };
      for (const [type, outcome] of [
        ["a", retried(0)],
        ["b", released],
        ["c", past],
      ] as const) {
        const job = await startAndClaim(context, actor, { type });
        context.clock.advance(500);
        await actor.settle(job, outcome);
        const readyAt = new Date(context.clock.now());
        expect.match(await jobOf(context, job), { status: "ready", readyAt }, type);
        context.clock.advance(250);
        expect.match(await actor.claimOne(type), { waitMs: 250 }, type);
      }
      for (const [type, outcome] of [
        ["d", retried(minute)],
        ["e", rescheduled(minute)],
      ] as const) {
        const job = await startAndClaim(context, actor, { type });
        await actor.settle(job, outcome);
        expect.match(await jobOf(context, job), { status: "scheduled", readyAt: undefined }, type);
      }
    },
  ),

  defineCase("P5: rescheduled does not count the attempt", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor);
    const now = context.clock.now();
    expect.equal(await actor.settle(job, rescheduled(minute)), {
      kind: "settled",
      effects: { waiting: { type: "work", status: "scheduled" }, unblocked: [] },
    });
    expect.match(await jobOf(context, job), {
      status: "scheduled",
      scheduledAt: new Date(now + minute),
      attempt: 0,
    });
    context.clock.advance(minute);
    await context.state.promote({ limit: 10 });
    expect.match(await actor.claimOne("work"), { attempt: 1, claimNo: 2 });
  }),

  defineCase("P5: rescheduled to an instant in the past is ready", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor);
    const verdict = await actor.settle(job, {
      kind: "rescheduled",
      schedule: { at: new Date(context.clock.now() - minute) },
    });
    expect.match(verdict, { kind: "settled", effects: { waiting: { status: "ready" } } });
    expect.match(await actor.claimOne("work"), { chainId: job.chainId, attempt: 1 });
  }),

  defineCase(
    "P5: released is ready at once and does not count the attempt",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      expect.equal(await actor.settle(job, released), {
        kind: "settled",
        effects: { waiting: { type: "work", status: "ready" }, unblocked: [] },
      });
      expect.match(await jobOf(context, job), { status: "ready", attempt: 0, workerId: undefined });
      expect.match(await actor.claimOne("work"), { attempt: 1, claimNo: 2 });
    },
  ),

  defineCase("P5 A10: a held job that is released has had no attempt", async (context, expect) => {
    const actor = await createActor(context);
    await startOne(context);
    const [held] = await actor.claim("work", { slots: 0, ahead: 1 });
    expect.match(await actor.settle(held!, released), { kind: "settled" });
    expect.match(await jobOf(context, held!), { status: "ready", attempt: 0 });
    expect.match(await actor.claimOne("work"), { attempt: 1, claimNo: 2 });
  }),

  defineCase(
    "P5: a held job whose failure comes before its start was noted has had its attempt",
    async (context, expect) => {
      const actor = await createActor(context);
      await startOne(context);
      const [held] = await actor.claim("work", { slots: 0, ahead: 1 });
      expect.match(held, { isStarted: false, attempt: 1 });
      expect.match(await actor.settle(held!, retried(0)), { kind: "settled" });
      expect.match(await jobOf(context, held!), { status: "ready", attempt: 1 });
      expect.match(await actor.claimOne("work"), { attempt: 2 });
    },
  ),

  defineCase(
    "P5: a held job whose completion comes before its start was noted has had its attempt",
    async (context, expect) => {
      const actor = await createActor(context);
      await startOne(context);
      const [held] = await actor.claim("work", { slots: 0, ahead: 1 });
      await actor.exchange({
        settlements: [{ ...attemptKey(held!), outcome: completed() }],
        started: [attemptKey(held!)],
      });
      expect.match(await jobOf(context, held!), { status: "completed", attempt: 1 });
    },
  ),

  defineCase(
    "P4: failed closes the chain with the error, kept and listed",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const now = new Date(context.clock.now());
      expect.equal(await actor.settle(job, failed('{"message":"dead"}')), {
        kind: "settled",
        effects: { chainStatus: "failed", chainDurationMs: 0, unblocked: [] },
      });
      expect.match(await jobOf(context, job), {
        status: "failed",
        error: '{"message":"dead"}',
        completedAt: now,
        completedBy: actor.workerId,
        workerId: undefined,
        attempt: 1,
      });
      expect.match(await chainOf(context, job.chainId), {
        status: "failed",
        closedAt: now,
        error: '{"message":"dead"}',
        output: undefined,
      });
      expect.match(
        await context.state.listChains({
          filter: { statuses: ["failed"] },
          order: "newest",
          after: undefined,
          limit: 10,
        }),
        [{ chainId: job.chainId }],
      );
      expect.equal(await actor.claim("work"), [], "a failed job was claimed");
    },
  ),

  defineCase(
    "A14: a failed job is not run again by promote, reap or a claim",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await actor.settle(job, failed());
      expireLeases(context);
      await context.state.promote({ limit: 100 });
      await context.state.reap({
        limit: 100,
        attemptLimits: [{ type: "work", attemptCountMax: 25, error: "{}" }],
      });
      const other = await createActor(context);
      expect.equal(await other.claim("work"), []);
      expect.match(await jobOf(context, job), { status: "failed" });
    },
  ),

  defineCase(
    "P2: the error of an attempt is gone from the job that completes later",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await actor.settle(job, retried(0));
      await actor.settle(await actor.claimOne("work"), completed("1"));
      expect.match(await chainOf(context, job.chainId), {
        status: "completed",
        error: undefined,
        output: "1",
      });
    },
  ),

  defineCase(
    "P2: a continuation whose blocker is missing is refused, nothing is written, and the attempt still runs",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const before = await jobOf(context, job);
      const open = await startOne(context, { type: "item" });
      const missing = context.newChainId();
      const verdict = await actor.settle(
        job,
        continued({ type: "next", blockers: waitFor(open, missing) }),
      );
      expect.equal(verdict, { kind: "refused", blockerChainId: missing, reason: "notFound" });
      expect.equal(await jobOf(context, job), before);
      expect.match(await jobOf(context, open), { dependents: 0 });
      expect.match(await chainOf(context, job.chainId), {
        status: "open",
        last: { chainIndex: 0 },
      });
      expect.match(await actor.settle(job, completed()), { kind: "settled" });
    },
  ),

  defineCase(
    "P2: a continuation whose blocker was cancelled is refused",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const blocker = await startOne(context, { type: "item" });
      await context.state.cancel({
        tx: undefined,
        chainIds: [blocker],
        reason: undefined,
        cascade: false,
      });
      const verdict = await actor.settle(job, continued({ blockers: waitFor(blocker) }));
      expect.equal(verdict, { kind: "refused", blockerChainId: blocker, reason: "cancelled" });
    },
  ),

  defineCase(
    "P2: a continuation that waits for its own chain never hangs unseen: refused, or blocked and shown",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const verdict = await actor.settle(
        job,
        continued({ type: "next", blockers: waitFor(job.chainId) }),
      );
      expect.oneOf(verdict.kind, ["refused", "settled"]);
      if (verdict.kind === "settled")
        expect.match(await jobOf(context, { chainId: job.chainId, chainIndex: 1 }), {
          status: "blocked",
          openBlockers: 1,
        });
    },
  ),

  defineCase(
    "P2: verdicts stand in the order of the settlements, and one that is refused or lost leaves the others alone",
    async (context, expect) => {
      const actor = await createActor(context);
      const jobs = await Promise.all(
        Array.from({ length: 6 }, async (_, index) =>
          startAndClaim(context, actor, { type: `type-${index}` }),
        ),
      );
      await context.state.cancel({
        tx: undefined,
        chainIds: [jobs[3]!.chainId],
        reason: undefined,
        cascade: false,
      });
      const outcomes = [
        completed("0"),
        continued({ blockers: waitFor(context.newChainId()) }),
        retried(0),
        completed(),
        failed(),
        released,
      ];
      const { verdicts } = await actor.exchange({
        settlements: jobs.map((job, index) => ({ ...attemptKey(job), outcome: outcomes[index]! })),
      });
      expect.equal(
        verdicts.map((verdict) => verdict.kind),
        ["settled", "refused", "settled", "lost", "settled", "settled"],
      );
      const statuses = await context.state.getJobs({ tx: undefined, keys: jobs });
      expect.equal(
        statuses.map((job) => job?.status),
        ["completed", "running", "ready", "cancelled", "failed", "ready"],
      );
    },
  ),

  defineCase("E2: 1,000 attempts are settled in one exchange", async (context, expect) => {
    const actor = await createActor(context);
    const chains = Array.from({ length: 1_000 }, (_, index) => index);
    await Promise.all(
      [0, 1].map(async (half) =>
        context.state.startChains({
          tx: undefined,
          chains: chains.slice(half * 500, half * 500 + 500).map(() => ({
            type: "work",
            input: undefined,
            priority: 5,
            schedule: undefined,
            blockers: [],
            traceContext: undefined,
            chainId: context.newChainId(),
            deduplication: undefined,
            labels: {},
            isUnannounced: false,
          })),
        }),
      ),
    );
    const jobs = await actor.claim("work", { slots: 1_000 });
    expect.equal(jobs.length, 1_000);
    const { verdicts } = await actor.exchange({
      settlements: jobs.map((job, index) => ({
        ...attemptKey(job),
        outcome:
          index % 2 === 0 ? completed(`${index}`) : continued({ type: "next", input: `${index}` }),
      })),
    });
    expect.ok(
      verdicts.every((verdict) => verdict.kind === "settled"),
      "not all were settled",
    );
    expect.equal(
      await context.state.countChains({ filter: { statuses: ["completed"] }, cap: 5_000 }),
      500,
    );
    const next = await actor.claim("next", { slots: 1_000 });
    expect.equal(next.length, 500);
    const [first] = await context.state.getJobs({ tx: undefined, keys: [jobs[998]!] });
    expect.match(first, { output: "998" });
  }),

  defineCase("P2: an exchange with nothing in it answers with nothing", async (context, expect) => {
    const actor = await createActor(context);
    expect.equal(await actor.exchange({}), { verdicts: [], claimed: [], isLive: true });
  }),
];
