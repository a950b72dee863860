import type { JobFilter, JobKey } from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { attemptKey, createActor, expireLeases, reapAll, startAndClaim } from "../support/actor.ts";
import {
  completed,
  continued,
  failed,
  jobOf,
  released,
  rescheduled,
  retried,
  startOne,
  startSeveral,
  waitFor,
} from "../support/jobs.ts";

async function keysOf(
  context: StateContext,
  filter: JobFilter,
  order: "newest" | "oldest" = "oldest",
): Promise<JobKey[]> {
  const jobs = await context.state.listJobs({ filter, order, after: undefined, limit: 1_000 });
  return jobs.map(({ chainId, chainIndex }) => ({ chainId, chainIndex }));
}

function root(chainId: string): JobKey {
  return { chainId, chainIndex: 0 };
}

export const readJobsCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "reads: getJobs answers in the order asked, with undefined for those that are not there",
    async (context, expect) => {
      const [first, second] = await startSeveral(context, 2);
      const found = await context.state.getJobs({
        tx: undefined,
        keys: [
          root(second!),
          { chainId: first!, chainIndex: 1 },
          root(first!),
          root(context.newChainId()),
        ],
      });
      expect.equal(
        found.map((job) => job?.chainId),
        [second, undefined, first, undefined],
      );
      expect.equal(await context.state.getJobs({ tx: undefined, keys: [] }), []);
    },
  ),

  defineCase("reads: lists of jobs carry no payload", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor, { input: "1" });
    await actor.renew({ held: [attemptKey(job)], progress: [{ ...attemptKey(job), value: "2" }] });
    await actor.settle(job, retried(0));
    await actor.settle(await actor.claimOne("work"), completed("3"));
    const broken = await startAndClaim(context, actor, { input: "4" });
    await actor.settle(broken, failed());
    const payload = { input: undefined, output: undefined, error: undefined, progress: undefined };
    expect.match(
      await context.state.listJobs({ filter: {}, order: "oldest", after: undefined, limit: 10 }),
      [
        { ...root(job.chainId), status: "completed", attempt: 2, ...payload },
        { ...root(broken.chainId), status: "failed", ...payload },
      ],
    );
  }),

  defineCase(
    "reads: jobs are listed by chain and index, in both orders, page by page",
    async (context, expect) => {
      const actor = await createActor(context);
      const expected: JobKey[] = [];
      for (let chain = 0; chain < 4; chain++) {
        const job = await startAndClaim(context, actor, { type: `type-${chain}` });
        await actor.settle(job, continued({ type: "next" }, { isSticky: true }));
        await actor.settle(
          { chainId: job.chainId, chainIndex: 1, claimNo: 1 },
          continued({ type: "last" }),
        );
        expected.push(...[0, 1, 2].map((chainIndex) => ({ chainId: job.chainId, chainIndex })));
      }
      for (const order of ["oldest", "newest"] as const) {
        const found: JobKey[] = [];
        let after: JobKey | undefined;
        for (let page = 0; page < 10; page++) {
          const jobs = await context.state.listJobs({ filter: {}, order, after, limit: 5 });
          found.push(...jobs.map(({ chainId, chainIndex }) => ({ chainId, chainIndex })));
          after = found.at(-1);
          if (jobs.length < 5) break;
        }
        expect.equal(found, order === "oldest" ? expected : expected.toReversed(), order);
      }
    },
  ),

  defineCase(
    "reads: jobs are filtered by chain, type, status and worker",
    async (context, expect) => {
      const [actor, other] = [await createActor(context), await createActor(context)];
      const job = await startAndClaim(context, actor, { type: "a" });
      await actor.settle(job, continued({ type: "b" }));
      const mine = await actor.claimOne("b");
      const theirs = await startAndClaim(context, other, { type: "b" });
      const ready = await startOne(context, { type: "b" });
      const key = ({ chainId, chainIndex }: JobKey): JobKey => ({ chainId, chainIndex });
      expect.equal(await keysOf(context, { chainId: job.chainId }), [root(job.chainId), key(mine)]);
      expect.equal(await keysOf(context, { types: ["b"] }), [
        key(mine),
        root(theirs.chainId),
        root(ready),
      ]);
      expect.equal(await keysOf(context, { statuses: ["running"] }, "newest"), [
        root(theirs.chainId),
        key(mine),
      ]);
      expect.equal(await keysOf(context, { workerId: actor.workerId }), [key(mine)]);
      expect.equal(await keysOf(context, { types: ["b"], statuses: ["ready", "continued"] }), [
        root(ready),
      ]);
      expect.equal(await keysOf(context, { chainId: context.newChainId() }), []);
    },
  ),

  defineCase("reads: reads inside a transaction see its own writes", async (context, expect) => {
    await context.state.transaction(async (tx) => {
      const chainId = context.newChainId();
      await context.state.startChains({
        tx,
        chains: [
          {
            chainId,
            type: "work",
            input: "1",
            priority: 5,
            schedule: undefined,
            blockers: [],
            traceContext: undefined,
            deduplication: undefined,
            labels: {},
            isUnannounced: false,
          },
        ],
      });
      expect.match(await jobOf(context, chainId, tx), { status: "ready", input: "1" });
      await context.state.cancel({ tx, chainIds: [chainId], reason: undefined, cascade: false });
      expect.match(await jobOf(context, chainId, tx), { status: "cancelled" });
    });
  }),

  defineCase(
    "reads: workers are listed oldest first, with what they hold",
    async (context, expect) => {
      const workers: { readonly workerId: string; readonly runningCount: number }[] = [];
      for (let index = 0; index < 4; index++) {
        const actor = await createActor(context, { leaseMs: 1_000 * (index + 1) });
        await startSeveral(context, index, { type: `type-${index}` });
        await actor.claim(`type-${index}`, { slots: 1, ahead: 5 });
        workers.push({ workerId: actor.workerId, runningCount: index });
        context.clock.advance(10);
      }
      const found = await context.state.listWorkers({ limit: 10 });
      expect.equal(
        found.map(({ workerId, runningCount }) => ({ workerId, runningCount })),
        workers,
      );
      expect.match(await context.state.listWorkers({ limit: 2 }), workers.slice(0, 2));
      context.clock.advance(1_500);
      expect.equal(
        (await context.state.listWorkers({ limit: 10 })).map((worker) => worker.isLive),
        [false, true, true, true],
      );
    },
  ),
];

export const listAttemptsCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "E2: attempts that did not succeed are listed, oldest first, with their errors",
    async (context, expect) => {
      const actor = await createActor(context);
      const startedAt = new Date(context.clock.now());
      const job = await startAndClaim(context, actor);
      context.clock.advance(100);
      const endedAt = new Date(context.clock.now());
      await actor.settle(job, retried(0, '"first"'));
      const second = await actor.claimOne("work");
      await actor.settle(second, failed('"second"'));
      expect.equal(await context.state.listAttempts({ key: job }), [
        {
          ...root(job.chainId),
          attempt: 1,
          claimNo: 1,
          workerId: actor.workerId,
          outcome: "retried",
          startedAt,
          endedAt,
          error: '"first"',
        },
        {
          ...root(job.chainId),
          attempt: 2,
          claimNo: 2,
          workerId: actor.workerId,
          outcome: "failed",
          startedAt: endedAt,
          endedAt,
          error: '"second"',
        },
      ]);
    },
  ),

  defineCase(
    "E2: attempts that succeeded, were given back or were taken away leave no record",
    async (context, expect) => {
      const actor = await createActor(context);
      for (const [type, outcome] of [
        ["a", completed()],
        ["b", continued()],
        ["c", released],
        ["d", rescheduled(1_000)],
      ] as const) {
        const job = await startAndClaim(context, actor, { type });
        await actor.settle(job, outcome);
        expect.equal(await context.state.listAttempts({ key: job }), [], type);
      }
      const cancelled = await startAndClaim(context, actor, { type: "e" });
      await context.state.cancel({
        tx: undefined,
        chainIds: [cancelled.chainId],
        reason: undefined,
        cascade: false,
      });
      expect.equal(await context.state.listAttempts({ key: cancelled }), []);
    },
  ),

  defineCase(
    "E2: of many attempts the first and the newest 24 are kept",
    async (context, expect) => {
      const actor = await createActor(context);
      const attemptCount = 60;
      let job = await startAndClaim(context, actor);
      for (let attempt = 1; attempt <= attemptCount; attempt++) {
        await actor.settle(job, retried(0, `"${attempt}"`));
        context.clock.advance(1);
        if (attempt < attemptCount) job = await actor.claimOne("work");
      }
      const newest = Array.from({ length: 24 }, (_, index) => attemptCount - 23 + index);
      const found = await context.state.listAttempts({ key: job });
      expect.equal(
        found.map((record) => record.attempt),
        [1, ...newest],
      );
      expect.equal(
        found.map((record) => record.error),
        ['"1"', ...newest.map((attempt) => `"${attempt}"`)],
      );
    },
  ),

  defineCase(
    "E2: the bounds hold for each job alone: of its chain, and beside others",
    async (context, expect) => {
      const actor = await createActor(context);
      const first = await startAndClaim(context, actor, { type: "first" });
      await actor.settle(first, retried(0));
      await actor.settle(await actor.claimOne("first"), continued({ type: "a" }));
      const jobs = [await actor.claimOne("a"), await startAndClaim(context, actor, { type: "b" })];
      // Its first record is of a later claim than those of the others.
      await actor.settle(jobs[1]!, released);
      jobs[1] = await actor.claimOne("b");
      for (let attempt = 1; attempt <= 40; attempt++) {
        for (const [place, type] of ["a", "b"].entries()) {
          if (attempt > 1) jobs[place] = await actor.claimOne(type);
          await actor.settle(jobs[place]!, retried(0, `"${type}${attempt}"`));
        }
      }
      const kept = [1, ...Array.from({ length: 24 }, (_, index) => 17 + index)];
      for (const [place, type] of ["a", "b"].entries()) {
        const found = await context.state.listAttempts({ key: jobs[place]! });
        expect.equal(
          found.map((record) => record.error),
          kept.map((attempt) => `"${type}${attempt}"`),
          type,
        );
      }
      expect.match(await context.state.listAttempts({ key: first }), [
        { attempt: 1, outcome: "retried" },
      ]);
    },
  ),

  defineCase("E2 D4: lost attempts are kept within the same bounds", async (context, expect) => {
    await startOne(context);
    let key: JobKey | undefined;
    for (let life = 1; life <= 30; life++) {
      const actor = await createActor(context);
      key = await actor.claimOne("work");
      expireLeases(context);
      await reapAll(context);
    }
    const found = await context.state.listAttempts({ key: key! });
    expect.equal(
      found.map((record) => record.attempt),
      [1, ...Array.from({ length: 24 }, (_, index) => 7 + index)],
    );
    expect.ok(
      found.every((record) => record.outcome === "lost"),
      "an outcome is not lost",
    );
  }),

  defineCase(
    "E2: the attempts of each job of a chain stand for themselves",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await actor.settle(job, retried(0, '"root"'));
      await actor.settle(await actor.claimOne("work"), continued({ type: "next" }));
      const next = await actor.claimOne("next");
      await actor.settle(next, failed('"next"'));
      expect.match(await context.state.listAttempts({ key: job }), [
        { chainIndex: 0, error: '"root"' },
      ]);
      expect.match(await context.state.listAttempts({ key: next }), [
        { chainIndex: 1, error: '"next"' },
      ]);
      expect.equal(
        await context.state.listAttempts({ key: { chainId: context.newChainId(), chainIndex: 0 } }),
        [],
      );
    },
  ),
];

export const statsCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "reads: stats count the jobs that are not final, and failed ones, by type and status",
    async (context, expect) => {
      const actor = await createActor(context);
      const running = await startAndClaim(context, actor, { type: "a" });
      const broken = await startAndClaim(context, actor, { type: "a" });
      await actor.settle(broken, failed());
      const done = await startAndClaim(context, actor, { type: "gone" });
      await actor.settle(done, completed());
      await startSeveral(context, 3, { type: "a" });
      await startSeveral(context, 2, { type: "a", schedule: { delayMs: 1_000 } });
      await startOne(context, { type: "b", blockers: waitFor(running.chainId) });
      const stats = await context.state.stats({ cap: 100 });
      const of = (type: string): unknown => stats.find((entry) => entry.type === type);
      expect.match(of("a"), {
        isPaused: false,
        counts: { blocked: 0, scheduled: 2, ready: 3, running: 1, failed: 1 },
        oldestReadyMs: 0,
      });
      expect.equal(of("b"), {
        type: "b",
        isPaused: false,
        counts: { blocked: 1, scheduled: 0, ready: 0, running: 0, failed: 0 },
        oldestReadyMs: undefined,
      });
    },
  ),

  defineCase("C10: each count of the stats stops at the cap", async (context, expect) => {
    await startSeveral(context, 30, { type: "a" });
    await startSeveral(context, 5, { type: "b" });
    const stats = await context.state.stats({ cap: 10 });
    expect.match(
      stats.find((entry) => entry.type === "a"),
      { counts: { ready: 10 } },
    );
    expect.match(
      stats.find((entry) => entry.type === "b"),
      { counts: { ready: 5 } },
    );
  }),

  defineCase(
    "P8: the oldest ready job is as old as the database's clock says",
    async (context, expect) => {
      await startOne(context);
      context.clock.advance(5_000);
      await startOne(context);
      context.clock.advance(2_000);
      expect.match(await context.state.stats({ cap: 10 }), [{ oldestReadyMs: 7_000 }]);
      const actor = await createActor(context);
      await actor.claimOne("work");
      expect.match(await context.state.stats({ cap: 10 }), [{ oldestReadyMs: 2_000 }]);
    },
  ),
];
