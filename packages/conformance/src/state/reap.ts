import type { AttemptLimit } from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import {
  attemptKey,
  createActor,
  expireLeases,
  leaseMs,
  reapAll,
  startAndClaim,
  unlimited,
} from "../support/actor.ts";
import { holdTransaction, letOthersRun } from "../support/held-transaction.ts";
import {
  chainOf,
  completed,
  failed,
  jobOf,
  retried,
  startOne,
  startSeveral,
  waitFor,
} from "../support/jobs.ts";

function limitOf(attemptCountMax: number, type = "work"): AttemptLimit {
  return { type, attemptCountMax, error: '{"message":"used up"}' };
}

export const reapCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "P4 P5: a started job of a worker whose lease has expired goes back to ready, its attempt counted",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      expireLeases(context);
      const now = new Date(context.clock.now());
      const result = await context.state.reap({ limit: 10, attemptLimits: [limitOf(25)] });
      expect.equal(result, {
        reaped: [
          {
            ...attemptKey(job),
            type: "work",
            chainType: "work",
            attempt: 1,
            workerId: actor.workerId,
            outcome: "released",
          },
        ],
        workerIds: [actor.workerId],
        isMore: false,
      });
      expect.match(await jobOf(context, job), {
        status: "ready",
        attempt: 1,
        workerId: undefined,
        completedBy: undefined,
        readyAt: now,
      });
      expect.match(await chainOf(context, job.chainId), { status: "open" });
      const other = await createActor(context);
      expect.match(await other.claimOne("work"), { attempt: 2, claimNo: 2 });
    },
  ),

  defineCase("A3 A6: live workers keep their jobs", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor);
    context.clock.advance(leaseMs - 1);
    expect.equal(await context.state.reap({ limit: 10, attemptLimits: unlimited("work") }), {
      reaped: [],
      workerIds: [],
      isMore: false,
    });
    expect.match(await jobOf(context, job), { status: "running" });
  }),

  defineCase(
    "P5 D4: a job whose attempts are used up fails with the given error",
    async (context, expect) => {
      for (let attempt = 1; attempt <= 3; attempt++) {
        const actor = await createActor(context);
        const job =
          attempt === 1 ? await startAndClaim(context, actor) : await actor.claimOne("work");
        expect.match(job, { attempt });
        expireLeases(context);
        const { reaped } = await context.state.reap({ limit: 10, attemptLimits: [limitOf(3)] });
        expect.match(reaped, [{ attempt, outcome: attempt < 3 ? "released" : "failed" }]);
      }
      const [chain] = await context.state.listChains({
        filter: {},
        order: "oldest",
        after: undefined,
        limit: 1,
      });
      expect.match(await chainOf(context, chain!.chainId), {
        status: "failed",
        error: '{"message":"used up"}',
        closedAt: new Date(context.clock.now()),
      });
      expect.match(await jobOf(context, chain!.chainId), { status: "failed", attempt: 3 });
    },
  ),

  defineCase(
    "P5 D4: attempts that failed and attempts that died count together",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await actor.settle(job, retried(0));
      await actor.claimOne("work");
      expireLeases(context);
      expect.match(await context.state.reap({ limit: 10, attemptLimits: [limitOf(2)] }), {
        reaped: [{ attempt: 2, outcome: "failed" }],
      });
    },
  ),

  defineCase(
    "P5: a job that fails by its lost attempts keeps its dependants blocked",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { type: "item" });
      const chainId = await startOne(context, { blockers: waitFor(job.chainId) });
      expireLeases(context);
      await context.state.reap({ limit: 10, attemptLimits: [limitOf(1, "item")] });
      expect.match(await chainOf(context, job.chainId), { status: "failed" });
      expect.match(await jobOf(context, chainId), { status: "blocked", openBlockers: 1 });
    },
  ),

  defineCase("C11: a limit of Infinity never fails a job", async (context, expect) => {
    for (let life = 1; life <= 5; life++) {
      const actor = await createActor(context);
      await (life === 1 ? startAndClaim(context, actor) : actor.claimOne("work"));
      expireLeases(context);
      expect.match(await reapAll(context, unlimited("work")), [
        { attempt: life, outcome: "released" },
      ]);
    }
  }),

  defineCase(
    "A7: a reap that does not know a type never fails its jobs, whatever their attempts",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { type: "foreign" });
      expireLeases(context);
      await reapAll(context, [limitOf(1)]);
      expect.match(await chainOf(context, job.chainId), { status: "open" });
      expect.match(await jobOf(context, job), { attempt: 1 });
      const ofForeign = await reapAll(context, [limitOf(1, "foreign")]);
      const { status } = await jobOf(context, job);
      expect.oneOf(status, ["failed", "ready"]);
      if (status === "failed")
        expect.match(ofForeign, [{ chainId: job.chainId, outcome: "failed" }]);
    },
  ),

  defineCase(
    "A6 A7: jobs that a reap leaves alone do not fill its page",
    async (context, expect) => {
      const actor = await createActor(context);
      await startSeveral(context, 20, { type: "foreign" });
      const chainId = await startOne(context);
      await actor.claim(["foreign", "work"]);
      expireLeases(context);
      const reaped = [];
      for (let page = 0; page < 25; page++) {
        const result = await context.state.reap({ limit: 3, attemptLimits: unlimited("work") });
        reaped.push(...result.reaped);
        if (!result.isMore) break;
      }
      expect.equal(reaped.filter((job) => job.chainId === chainId).length, 1);
    },
  ),

  defineCase(
    "A6: a page of healthy long jobs does not starve the one that is stuck",
    async (context, expect) => {
      const [healthy, dead] = [
        await createActor(context, { leaseMs: 100 * leaseMs }),
        await createActor(context),
      ];
      await startSeveral(context, 30);
      await healthy.claim("work");
      const stuck = await startAndClaim(context, dead);
      expireLeases(context);
      const { reaped, isMore } = await context.state.reap({
        limit: 5,
        attemptLimits: unlimited("work"),
      });
      expect.match(reaped, [{ chainId: stuck.chainId }]);
      expect.equal(isMore, false);
    },
  ),

  defineCase("A6: many healthy workers do not hide the dead one", async (context, expect) => {
    const dead = await createActor(context);
    const stuck = await startAndClaim(context, dead);
    for (let index = 0; index < 20; index++) {
      const healthy = await createActor(context, { leaseMs: 100 * leaseMs });
      await startAndClaim(context, healthy);
    }
    expireLeases(context);
    expect.match(await context.state.reap({ limit: 1, attemptLimits: unlimited("work") }), {
      reaped: [{ chainId: stuck.chainId }],
      workerIds: [dead.workerId],
    });
  }),

  defineCase(
    "P5 A10: a held job goes back uncounted, without an attempt record",
    async (context, expect) => {
      const actor = await createActor(context);
      await startOne(context);
      const [held] = await actor.claim("work", { slots: 0, ahead: 1 });
      expireLeases(context);
      expect.match(await reapAll(context, [limitOf(1)]), [
        { chainId: held!.chainId, outcome: "released" },
      ]);
      expect.match(await jobOf(context, held!), { status: "ready", attempt: 0 });
      expect.equal(await context.state.listAttempts({ key: held! }), []);
    },
  ),

  defineCase(
    "P5 A10: a suspect is counted at its claim in any place, and comes first in the answer",
    async (context, expect) => {
      const dead = await createActor(context);
      const suspect = await startOne(context, { priority: 9 });
      await dead.claim("work", { slots: 0, ahead: 1 });
      expireLeases(context);
      await reapAll(context);
      await startSeveral(context, 3, { priority: 0 });
      const actor = await createActor(context);
      const claimed = await actor.claim("work", { slots: 0, ahead: 10 });
      expect.equal(claimed[0]!.chainId, suspect);
      expect.equal(
        claimed.map((job) => job.isStarted),
        [true, false, false, false],
      );
      const jobs = await context.state.getJobs({ tx: undefined, keys: claimed });
      expect.equal(
        jobs.map((job) => job?.attempt),
        [1, 0, 0, 0],
      );
    },
  ),

  defineCase(
    "P5 D4: a job whose attempt died with its worker is suspect too, counted at its next claim in any place",
    async (context, expect) => {
      const dead = await createActor(context);
      const job = await startAndClaim(context, dead, { priority: 9 });
      expireLeases(context);
      await reapAll(context);
      await startSeveral(context, 3, { priority: 0 });
      const actor = await createActor(context);
      const claimed = await actor.claim("work", { slots: 0, ahead: 10 });
      expect.match(claimed[0], { chainId: job.chainId, isStarted: true, attempt: 2 });
      expect.match(await jobOf(context, job), { attempt: 2 });
    },
  ),

  defineCase(
    "P5 D4: a poison job that kills every worker before its start is noted fails in the end",
    async (context, expect) => {
      const chainId = await startOne(context);
      let lifeCount = 0;
      while ((await jobOf(context, chainId)).status !== "failed" && lifeCount < 20) {
        lifeCount += 1;
        const actor = await createActor(context);
        expect.equal((await actor.claim("work", { slots: 0, ahead: 5 })).length, 1);
        expireLeases(context);
        await reapAll(context, [limitOf(3)]);
      }
      // The first death is forgiven, since nobody knows whether the job had begun; each later one counts.
      expect.equal(lifeCount, 4);
    },
  ),

  defineCase(
    "P5 A10: a held job that was given back alive is no suspect",
    async (context, expect) => {
      const actor = await createActor(context);
      await startOne(context);
      await actor.claim("work", { slots: 0, ahead: 1 });
      await actor.renew({ held: [] });
      expect.match(await actor.claim("work", { slots: 0, ahead: 1 }), [
        { isStarted: false, claimNo: 2 },
      ]);
    },
  ),

  defineCase(
    "P5: a held job whose start was noted before its worker died counts",
    async (context, expect) => {
      const actor = await createActor(context);
      await startOne(context);
      const [held] = await actor.claim("work", { slots: 0, ahead: 1 });
      await actor.exchange({ started: [attemptKey(held!)] });
      expireLeases(context);
      expect.match(await reapAll(context, [limitOf(1)]), [{ attempt: 1, outcome: "failed" }]);
    },
  ),

  defineCase("P5: a lost attempt leaves a record", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor);
    const startedAt = new Date(context.clock.now());
    expireLeases(context);
    await reapAll(context);
    expect.match(await context.state.listAttempts({ key: job }), [
      {
        chainId: job.chainId,
        chainIndex: 0,
        attempt: 1,
        claimNo: 1,
        workerId: actor.workerId,
        outcome: "lost",
        startedAt,
        endedAt: new Date(context.clock.now()),
      },
    ]);
  }),

  defineCase(
    "P5: the record of a lost attempt has no error, also when the job fails by it: the job and its chain have the limit's",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      expireLeases(context);
      await reapAll(context, [limitOf(1)]);
      expect.match(await context.state.listAttempts({ key: job }), [
        { attempt: 1, outcome: "lost", error: undefined },
      ]);
      expect.match(await jobOf(context, job), { status: "failed", error: '{"message":"used up"}' });
    },
  ),

  defineCase(
    "A1: a job that is settled while the reaper waits for it stays settled",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      expireLeases(context);
      const held = await holdTransaction(context.state);
      await context.state.settle({
        tx: held.tx,
        workerId: actor.workerId,
        settlements: [{ ...attemptKey(job), outcome: completed('"done"') }],
      });
      const reaping = other.reap({ limit: 10, attemptLimits: [limitOf(1)] });
      await letOthersRun();
      await held.commit();
      expect.match(await reaping, { reaped: [] });
      expect.match(await chainOf(context, job.chainId), { status: "completed", output: '"done"' });
      expect.equal(await reapAll(context, [limitOf(1)]), []);
    },
  ),

  defineCase(
    "A1: a job whose settlement rolls back is reaped, at once or at the next call",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      expireLeases(context);
      const held = await holdTransaction(context.state);
      await context.state.settle({
        tx: held.tx,
        workerId: actor.workerId,
        settlements: [{ ...attemptKey(job), outcome: completed() }],
      });
      const reaping = other.reap({ limit: 10, attemptLimits: unlimited("work") });
      await letOthersRun();
      await held.rollback();
      const { reaped } = await reaping;
      expect.match(
        [...reaped, ...(await reapAll(context))],
        [{ chainId: job.chainId, outcome: "released" }],
      );
    },
  ),

  defineCase(
    "A1 A2: settling and reaping at once: exactly one of them wins",
    async (context, expect) => {
      const other = await context.openSession();
      for (let round = 0; round < 20; round++) {
        const actor = await createActor(context);
        const job = await startAndClaim(context, actor);
        expireLeases(context);
        const settle = async (): Promise<string> => (await actor.settle(job, completed())).kind;
        const reap = async (): Promise<string> =>
          (await other.reap({ limit: 10, attemptLimits: unlimited("work") })).reaped.length === 1
            ? "reaped"
            : "nothing";
        const outcomes = await Promise.all(
          round % 2 === 0 ? [settle(), reap()] : [reap(), settle()],
        );
        expect.oneOf(outcomes.toSorted(), [
          ["nothing", "settled"],
          ["lost", "reaped"],
        ]);
        expect.match(await jobOf(context, job), {
          status: outcomes.includes("settled") ? "completed" : "ready",
        });
        await context.state.cancel({
          tx: undefined,
          chainIds: [job.chainId],
          reason: undefined,
          cascade: false,
        });
      }
    },
  ),

  defineCase("A9: many reapers at once take each job once", async (context, expect) => {
    const sessions = await Promise.all(
      Array.from({ length: 4 }, async () => context.openSession()),
    );
    const actor = await createActor(context);
    const chainIds = await startSeveral(context, 300);
    await actor.claim("work", { slots: 300 });
    expireLeases(context);
    const pages = await Promise.all(
      sessions.map(async (state) => {
        const reaped: string[] = [];
        for (let page = 0; page < 100; page++) {
          const result = await state.reap({ limit: 20, attemptLimits: unlimited("work") });
          reaped.push(...result.reaped.map((job) => job.chainId));
          if (!result.isMore && result.reaped.length === 0) break;
        }
        return reaped;
      }),
    );
    const rest = await reapAll(context);
    expect.sameMembers([...pages.flat(), ...rest.map((job) => job.chainId)], chainIds);
  }),

  defineCase(
    "Q6 A9: 5,000 jobs of a dead worker come back in few calls",
    async (context, expect) => {
      const actor = await createActor(context);
      await startSeveral(context, 5_000);
      for (let batch = 0; batch < 5; batch++) {
        expect.equal((await actor.claim("work", { slots: 1_000 })).length, 1_000);
      }
      expireLeases(context);
      let callCount = 0;
      let reapedCount = 0;
      let isMore = true;
      while (isMore && callCount < 10) {
        const result = await context.state.reap({ limit: 1_000, attemptLimits: unlimited("work") });
        callCount += 1;
        reapedCount += result.reaped.length;
        isMore = result.isMore;
      }
      expect.equal(reapedCount, 5_000);
      expect.ok(callCount <= 6, `it took ${callCount} calls of limit 1,000`);
      expect.match(await context.state.stats({ cap: 10_000 }), [
        { type: "work", counts: { ready: 5_000, running: 0 } },
      ]);
    },
  ),

  defineCase(
    "P4: the limit holds, isMore says that more wait, and the worker's row is deleted last",
    async (context, expect) => {
      const actor = await createActor(context);
      await startSeveral(context, 5);
      await actor.claim("work");
      expireLeases(context);
      const pages = [];
      for (let page = 0; page < 3; page++) {
        pages.push(await context.state.reap({ limit: 2, attemptLimits: unlimited("work") }));
        expect.equal(
          (await context.state.listWorkers({ limit: 10 })).length,
          page < 2 ? 1 : 0,
          `workers after page ${page + 1}`,
        );
      }
      expect.equal(
        pages.map((page) => page.reaped.length),
        [2, 2, 1],
      );
      expect.equal(
        pages.map((page) => page.isMore),
        [true, true, false],
      );
      expect.equal(
        pages.flatMap((page) => page.workerIds),
        [actor.workerId],
      );
    },
  ),

  defineCase("P4: a dead worker that holds nothing is removed", async (context, expect) => {
    const [dead, live] = [
      await createActor(context),
      await createActor(context, { leaseMs: 100 * leaseMs }),
    ];
    expireLeases(context);
    expect.equal(await context.state.reap({ limit: 10, attemptLimits: [] }), {
      reaped: [],
      workerIds: [dead.workerId],
      isMore: false,
    });
    expect.match(await context.state.listWorkers({ limit: 10 }), [{ workerId: live.workerId }]);
  }),

  defineCase(
    "A8: a job with no limit of its own named is neither failed nor lost when its worker dies",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      expireLeases(context);
      await reapAll(context, []);
      expect.match(await chainOf(context, job.chainId), { status: "open" });
      await reapAll(context, unlimited("work"));
      const other = await createActor(context);
      expect.match(await other.claimOne("work"), { chainId: job.chainId, attempt: 2 });
    },
  ),

  defineCase(
    "P4: jobs whose worker's row is gone are reaped",
    async (context, expect) => {
      const actor = await createActor(context);
      await startSeveral(context, 3);
      const claimed = await actor.claim("work", { slots: 2, ahead: 1 });
      await context.store.deleteWorkerRow!(actor.workerId);
      const { reaped } = await context.state.reap({ limit: 10, attemptLimits: [limitOf(1)] });
      expect.sameMembers(
        reaped.map(({ chainId, outcome }) => ({ chainId, outcome })),
        claimed.map(({ chainId, isStarted }) => ({
          chainId,
          outcome: isStarted ? "failed" : "released",
        })),
      );
    },
    { needs: "workerRows" },
  ),

  defineCase(
    "P4: jobs that ended before their worker died are left alone",
    async (context, expect) => {
      const actor = await createActor(context);
      const jobs = [
        await startAndClaim(context, actor, { type: "a" }),
        await startAndClaim(context, actor, { type: "b" }),
        await startAndClaim(context, actor, { type: "c" }),
      ];
      const outcomes = [completed(), failed(), retried(5 * leaseMs)];
      await actor.exchange({
        settlements: jobs.map((job, index) => ({ ...attemptKey(job), outcome: outcomes[index]! })),
      });
      const before = await context.state.getJobs({ tx: undefined, keys: jobs });
      expireLeases(context);
      expect.equal(await reapAll(context, unlimited("a", "b", "c")), []);
      expect.equal(await context.state.getJobs({ tx: undefined, keys: jobs }), before);
    },
  ),
];
