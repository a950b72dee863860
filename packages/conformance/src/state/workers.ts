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
import { completed, continued, failed, jobOf, startOne, startSeveral } from "../support/jobs.ts";

export const workerCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "P8: a registered worker is known, with a lease by the database's clock",
    async (context, expect) => {
      const now = context.clock.now();
      await context.state.registerWorker({
        workerId: "00000000-0000-7000-8000-000000000001",
        name: "orders",
        host: "box",
        pid: 4_321,
        types: ["b", "a"],
        concurrency: 20,
        leaseMs: 30_000,
      });
      expect.equal(await context.state.listWorkers({ limit: 10 }), [
        {
          workerId: "00000000-0000-7000-8000-000000000001",
          name: "orders",
          host: "box",
          pid: 4_321,
          types: ["b", "a"],
          concurrency: 20,
          startedAt: new Date(now),
          leaseUntil: new Date(now + 30_000),
          isLive: true,
          runningCount: 0,
        },
      ]);
      context.clock.advance(30_001);
      expect.match(await context.state.listWorkers({ limit: 10 }), [
        { workerId: "00000000-0000-7000-8000-000000000001", isLive: false },
      ]);
    },
  ),

  defineCase("P8: renew extends a live lease from the database's now", async (context, expect) => {
    const actor = await createActor(context);
    context.clock.advance(leaseMs - 1);
    expect.equal(await actor.renew({ leaseMs: 5_000 }), {
      isLive: true,
      lost: [],
      releasedCount: 0,
    });
    expect.match(await context.state.listWorkers({ limit: 10 }), [
      { leaseUntil: new Date(context.clock.now() + 5_000), isLive: true },
    ]);
  }),

  defineCase(
    "P8: at the very end of a lease, the list of workers, a claim, a reap and a renew agree on whether it is live",
    async (context, expect) => {
      const actor = await createActor(context);
      await startOne(context);
      context.clock.advance(leaseMs);
      const [listed] = await context.state.listWorkers({ limit: 1 });
      const isLive = listed!.isLive;
      expect.equal(
        (
          await actor.exchange({
            claim: { types: [{ type: "other", limit: 1 }], slots: 1, ahead: 0 },
          })
        ).isLive,
        isLive,
        "exchange",
      );
      expect.equal(
        (await context.state.reap({ limit: 1, attemptLimits: [] })).workerIds,
        isLive ? [] : [actor.workerId],
        "reap",
      );
      expect.equal((await actor.renew()).isLive, isLive, "renew");
    },
  ),

  defineCase(
    "D11: renew never revives an expired lease, and does nothing else",
    async (context, expect) => {
      const actor = await createActor(context);
      await startSeveral(context, 3);
      const claimed = await actor.claim("work", { slots: 1, ahead: 2 });
      const read = async (): Promise<unknown> =>
        context.state.getJobs({ tx: undefined, keys: claimed });
      const [before, leaseBefore] = [
        await read(),
        (await context.state.listWorkers({ limit: 10 }))[0]!.leaseUntil,
      ];
      expireLeases(context);
      const result = await actor.renew({
        held: claimed.slice(0, 2).map(attemptKey),
        started: [attemptKey(claimed[1]!)],
        progress: [{ ...attemptKey(claimed[0]!), value: "1" }],
      });
      expect.match(result, { isLive: false, releasedCount: 0 });
      expect.equal(await read(), before);
      expect.match(await context.state.listWorkers({ limit: 10 }), [
        { isLive: false, leaseUntil: leaseBefore },
      ]);
      expect.equal((await reapAll(context)).length, 3, "jobs reaped afterwards");
    },
  ),

  defineCase(
    "D11: renew of a worker that nobody knows is not live, and makes none",
    async (context, expect) => {
      expect.match(
        await context.state.renew({
          workerId: "00000000-0000-7000-8000-00000000ffff",
          leaseMs,
          held: [],
          started: [],
          progress: [],
        }),
        { isLive: false },
      );
      expect.equal(await context.state.listWorkers({ limit: 10 }), []);
    },
  ),

  defineCase(
    "A3: a job that takes longer than the lease stays with its worker while that one renews",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const other = await createActor(context, { leaseMs: 100 * leaseMs });
      for (let beat = 0; beat < 10; beat++) {
        context.clock.advance(leaseMs / 2);
        expect.equal(await actor.renew({ held: [attemptKey(job)] }), {
          isLive: true,
          lost: [],
          releasedCount: 0,
        });
        expect.equal(await reapAll(context), []);
        expect.equal(await other.claim("work"), []);
      }
      expect.match(await actor.settle(job, completed()), { kind: "settled" });
    },
  ),

  defineCase("P3: renew names what the worker no longer owns, and why", async (context, expect) => {
    const actor = await createActor(context, { leaseMs: 10 * leaseMs });
    const types = ["a", "b", "c", "d"];
    const jobs = await Promise.all(
      types.map(async (type) => startAndClaim(context, actor, { type })),
    );
    await context.state.cancel({
      tx: undefined,
      chainIds: [jobs[0]!.chainId],
      reason: undefined,
      cascade: false,
    });
    await context.state.deleteChains({
      tx: undefined,
      chainIds: [jobs[1]!.chainId],
      cascade: false,
    });
    await context.state.completeChains({
      tx: undefined,
      items: [{ chainId: jobs[2]!.chainId, type: "c", outcome: completed() }],
    });
    const result = await actor.renew({ held: jobs.map(attemptKey) });
    expect.equal(
      { isLive: result.isLive, releasedCount: result.releasedCount },
      { isLive: true, releasedCount: 0 },
    );
    expect.sameMembers(result.lost, [
      { ...attemptKey(jobs[0]!), reason: "cancelled" },
      { ...attemptKey(jobs[1]!), reason: "deleted" },
      { ...attemptKey(jobs[2]!), reason: "completedElsewhere" },
    ]);
    expect.match(await jobOf(context, jobs[3]!), { status: "running", workerId: actor.workerId });
  }),

  defineCase(
    "P3: a renew that meets a user's transaction on one of its jobs stays live, and names the loss at once or at the next beat",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context, { state: other });
      const job = await startAndClaim(context, actor);
      const held = await holdTransaction(context.state);
      await context.state.cancel({
        tx: held.tx,
        chainIds: [job.chainId],
        reason: undefined,
        cascade: false,
      });
      const renewing = actor.renew({ held: [attemptKey(job)] });
      await letOthersRun();
      await held.commit();
      const first = await renewing;
      expect.match(first, { isLive: true, releasedCount: 0 });
      const second = await actor.renew({ held: [attemptKey(job)] });
      expect.match([...first.lost, ...second.lost][0], { ...attemptKey(job), reason: "cancelled" });
    },
  ),

  defineCase(
    "P3: what a worker has settled itself is no news at its renew",
    async (context, expect) => {
      const actor = await createActor(context);
      const jobs = [
        await startAndClaim(context, actor, { type: "a" }),
        await startAndClaim(context, actor, { type: "b" }),
      ];
      await actor.settle(jobs[0]!, completed());
      await actor.settle(jobs[1]!, continued({ type: "next" }));
      expect.equal(await actor.renew({ held: jobs.map(attemptKey) }), {
        isLive: true,
        lost: [],
        releasedCount: 0,
      });
    },
  ),

  defineCase(
    "P3: keys of jobs that are not there yet do no harm to a renew",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const result = await actor.renew({
        held: [attemptKey(job), { chainId: job.chainId, chainIndex: 1, claimNo: 1 }],
      });
      expect.match(result, { isLive: true, releasedCount: 0 });
      expect.match(await jobOf(context, job), { status: "running" });
      expect.match(await actor.settle(job, continued()), { kind: "settled" });
    },
  ),

  defineCase(
    "A11: a claim whose answer was lost goes back to ready at the next renew, without an attempt",
    async (context, expect) => {
      const actor = await createActor(context);
      const known = await startAndClaim(context, actor, { type: "known" });
      await startSeveral(context, 5);
      const lost = await actor.claim("work", { slots: 3, ahead: 2 });
      expect.equal(lost.length, 5);
      expect.equal(await actor.renew({ held: [attemptKey(known)] }), {
        isLive: true,
        lost: [],
        releasedCount: 5,
      });
      const jobs = await context.state.getJobs({ tx: undefined, keys: lost });
      expect.ok(
        jobs.every(
          (job) => job?.status === "ready" && job.attempt === 0 && job.workerId === undefined,
        ),
        "a job was not given back as if never claimed",
      );
      expect.match(await jobOf(context, known), { status: "running", attempt: 1 });
      const again = await actor.claim("work");
      expect.equal(
        again.map((job) => [job.attempt, job.claimNo]),
        again.map(() => [1, 2]),
      );
    },
  ),

  defineCase(
    "A11: a sticky next job whose answer was lost goes back to ready at the next renew",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await actor.settle(job, continued({ type: "next" }, { isSticky: true }));
      expect.match(await actor.renew({ held: [] }), { isLive: true, releasedCount: 1 });
      expect.match(await actor.claimOne("next"), { chainIndex: 1, attempt: 1, claimNo: 2 });
    },
  ),

  defineCase(
    "P5: a held job that renew notes as started has its attempt counted",
    async (context, expect) => {
      const actor = await createActor(context);
      await startOne(context);
      const [held] = await actor.claim("work", { slots: 0, ahead: 1 });
      await actor.renew({ held: [attemptKey(held!)], started: [attemptKey(held!)] });
      expect.match(await jobOf(context, held!), { attempt: 1 });
    },
  ),

  defineCase(
    "P3: progress is stored byte for byte, and the newest stands",
    async (context, expect) => {
      const actor = await createActor(context);
      const [first, second] = [
        await startAndClaim(context, actor, { type: "a" }),
        await startAndClaim(context, actor, { type: "b" }),
      ];
      const held = [attemptKey(first), attemptKey(second)];
      await actor.renew({
        held,
        progress: [
          { ...attemptKey(first), value: '{"done":1}' },
          { ...attemptKey(second), value: '"half"' },
        ],
      });
      await actor.renew({ held, progress: [{ ...attemptKey(first), value: '{"done": 2}' }] });
      expect.match(await jobOf(context, first), { progress: '{"done": 2}' });
      expect.match(await jobOf(context, second), { progress: '"half"' });
    },
  ),

  defineCase("P3: progress of a lost attempt is not written", async (context, expect) => {
    const [actor, other] = [await createActor(context), await createActor(context)];
    const job = await startAndClaim(context, actor);
    await other.renew({ progress: [{ ...attemptKey(job), value: "1" }] });
    await actor.renew({
      held: [attemptKey(job)],
      progress: [{ ...attemptKey(job), claimNo: 2, value: "2" }],
    });
    expect.match(await jobOf(context, job), { progress: undefined });
  }),

  defineCase("P3: a renew with 1,000 held jobs answers in one call", async (context, expect) => {
    const actor = await createActor(context);
    await startSeveral(context, 1_000);
    const claimed = await actor.claim("work", { slots: 500, ahead: 500 });
    await context.state.cancel({
      tx: undefined,
      chainIds: claimed.slice(0, 10).map((job) => job.chainId),
      reason: undefined,
      cascade: false,
    });
    const result = await actor.renew({
      held: claimed.map(attemptKey),
      started: claimed.slice(500).map(attemptKey),
    });
    expect.match(result, { isLive: true, releasedCount: 0 });
    expect.sameMembers(
      result.lost.map((job) => job.chainId),
      claimed.slice(0, 10).map((job) => job.chainId),
    );
    const jobs = await context.state.getJobs({ tx: undefined, keys: claimed.slice(10) });
    expect.ok(
      jobs.every((job) => job?.attempt === 1),
      "a start was not noted",
    );
  }),

  defineCase(
    "G A9: removing a worker gives back all that it holds without an attempt, and its row is gone",
    async (context, expect) => {
      const actor = await createActor(context);
      await startSeveral(context, 6);
      const claimed = await actor.claim("work", { slots: 4, ahead: 2 });
      await context.state.removeWorker({ workerId: actor.workerId });
      expect.equal(await context.state.listWorkers({ limit: 10 }), []);
      const jobs = await context.state.getJobs({ tx: undefined, keys: claimed });
      expect.ok(
        jobs.every(
          (job) => job?.status === "ready" && job.attempt === 0 && job.workerId === undefined,
        ),
        "a job was not given back",
      );
      expect.match(await actor.settle(claimed[0]!, completed()), {
        kind: "lost",
        reason: "leaseLost",
      });
      expect.equal(
        (
          await context.state.exchange({
            workerId: actor.workerId,
            settlements: [],
            started: [],
            claim: { types: [{ type: "work", limit: 9 }], slots: 9, ahead: 0 },
          })
        ).isLive,
        false,
      );
      const other = await createActor(context);
      expect.equal(
        (await other.claim("work")).map((job) => job.attempt),
        [1, 1, 1, 1, 1, 1],
      );
    },
  ),

  defineCase(
    "G: removing a worker leaves what others hold, and what it has settled",
    async (context, expect) => {
      const [actor, other] = [await createActor(context), await createActor(context)];
      const [mine, done, theirs] = [
        await startAndClaim(context, actor, { type: "a" }),
        await startAndClaim(context, actor, { type: "b" }),
        await startAndClaim(context, other, { type: "c" }),
      ];
      await actor.settle(done, failed());
      await context.state.removeWorker({ workerId: actor.workerId });
      expect.match(await context.state.getJobs({ tx: undefined, keys: [mine, done, theirs] }), [
        { status: "ready" },
        { status: "failed", completedBy: actor.workerId },
        { status: "running", workerId: other.workerId },
      ]);
      expect.match(await context.state.listWorkers({ limit: 10 }), [{ workerId: other.workerId }]);
    },
  ),

  defineCase(
    "G: removing a worker that nobody knows, or twice, is fine",
    async (context, expect) => {
      const actor = await createActor(context);
      await context.state.removeWorker({ workerId: "00000000-0000-7000-8000-00000000ffff" });
      await context.state.removeWorker({ workerId: actor.workerId });
      await context.state.removeWorker({ workerId: actor.workerId });
      expect.equal(await context.state.listWorkers({ limit: 10 }), []);
    },
  ),

  defineCase(
    "G A9: a worker whose lease has expired can still be removed",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      expireLeases(context);
      await context.state.removeWorker({ workerId: actor.workerId });
      expect.match(await jobOf(context, job), { status: "ready", attempt: 0 });
      expect.equal(await reapAll(context, unlimited("work")), []);
    },
  ),

  defineCase(
    "P3 A1: renew and reap at once: the worker keeps its jobs or has lost them all, never half",
    async (context, expect) => {
      const other = await context.openSession();
      for (let round = 0; round < 10; round++) {
        const actor = await createActor(context);
        await startSeveral(context, 10, { type: `work-${round}` });
        const claimed = await actor.claim(`work-${round}`);
        context.clock.advance(round % 2 === 0 ? leaseMs - 1 : leaseMs + 1);
        const [renewed, reaped] = await Promise.all([
          actor.renew({ held: claimed.map(attemptKey) }),
          other.reap({ limit: 100, attemptLimits: unlimited(`work-${round}`) }),
        ]);
        expect.equal(
          [renewed.isLive, reaped.reaped.length],
          round % 2 === 0 ? [true, 0] : [false, 10],
          `round ${round}`,
        );
      }
    },
  ),
];
