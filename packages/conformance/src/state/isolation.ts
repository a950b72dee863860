import type { StateAdapter } from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import {
  attemptKey,
  createActor,
  expireLeases,
  startAndClaim,
  unlimited,
} from "../support/actor.ts";
import {
  chainOf,
  completed,
  failed,
  jobOf,
  newChain,
  start,
  startOne,
  waitFor,
} from "../support/jobs.ts";

const minute = 60_000;

/** All that an installation shows of itself. */
async function readAll(state: StateAdapter): Promise<unknown> {
  return {
    chains: await state.listChains({ filter: {}, order: "oldest", after: undefined, limit: 100 }),
    jobs: await state.listJobs({ filter: {}, order: "oldest", after: undefined, limit: 100 }),
    count: await state.countChains({ filter: {}, cap: 100 }),
    workers: await state.listWorkers({ limit: 100 }),
    types: await state.listTypes(),
    stats: await state.stats({ cap: 100 }),
  };
}

export const isolationCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "P9 A15: another installation in the same database sees nothing of this one",
    async (context, expect) => {
      const sibling = await context.openSibling();
      const before = await readAll(sibling);
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, {
        labels: { a: "1" },
        deduplication: { key: "k", scope: "any", windowMs: undefined, onDuplicate: "keep" },
      });
      await startOne(context, { blockers: waitFor(job.chainId) });
      await context.state.setTypesPaused({ tx: undefined, types: ["paused"], isPaused: true });
      expect.equal(await readAll(sibling), before);
      expect.equal(await sibling.getChains({ tx: undefined, chainIds: [job.chainId] }), [
        undefined,
      ]);
      expect.equal(await sibling.getJobs({ tx: undefined, keys: [job] }), [undefined]);
      expect.equal(await sibling.listAttempts({ key: job }), []);
      expect.match(await sibling.chainGraph({ chainId: job.chainId, depth: 3, limit: 10 }), {
        chains: [],
        edges: [],
      });
    },
  ),

  defineCase(
    "P9 A15: two installations have the same ids and keys without meeting",
    async (context, expect) => {
      const sibling = await context.openSibling();
      const chain = newChain(context, {
        input: "1",
        deduplication: { key: "k", scope: "open", windowMs: undefined, onDuplicate: "keep" },
      });
      expect.match(await start(context, [chain]), [{ outcome: "created" }]);
      expect.match(await start(context, [{ ...chain, type: "other", input: "2" }], sibling), [
        { outcome: "created" },
      ]);
      expect.match(
        await start(
          context,
          [newChain(context, { type: "work", deduplication: chain.deduplication })],
          sibling,
        ),
        [{ outcome: "created" }],
      );
      expect.match(await jobOf(context, chain.chainId), { type: "work", input: "1" });
      expect.match(
        (
          await sibling.getJobs({
            tx: undefined,
            keys: [{ chainId: chain.chainId, chainIndex: 0 }],
          })
        )[0],
        { type: "other", input: "2" },
      );
    },
  ),

  defineCase(
    "P9: a chain of the other installation is no blocker here",
    async (context, expect) => {
      const sibling = await context.openSibling();
      const [foreign] = await start(context, [newChain(context)], sibling);
      await expect.rejects(
        start(context, [newChain(context, { blockers: waitFor(foreign!.chainId) })]),
        "BLOCKER_UNUSABLE",
        { reason: "notFound" },
      );
    },
  ),

  defineCase(
    "P9 A15: workers of one installation claim, settle and renew nothing of the other",
    async (context, expect) => {
      const sibling = await context.openSibling();
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await startOne(context);
      // The same worker id in both: even then the attempts do not meet.
      const other = await createActor(context, { state: sibling, workerId: actor.workerId });
      expect.equal(await other.claim("work"), []);
      expect.match(await other.settle(job, completed()), { kind: "lost" });
      expect.match(await other.renew({ held: [] }), { isLive: true, releasedCount: 0 });
      await sibling.removeWorker({ workerId: actor.workerId });
      expect.match(await jobOf(context, job), { status: "running", workerId: actor.workerId });
      expect.match(await actor.renew({ held: [attemptKey(job)] }), { isLive: true, lost: [] });
    },
  ),

  defineCase(
    "P9 A15: reap and promote of one installation leave the other alone",
    async (context, expect) => {
      const sibling = await context.openSibling();
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const scheduled = await startOne(context, { schedule: { delayMs: minute } });
      expireLeases(context);
      expect.equal(await sibling.reap({ limit: 100, attemptLimits: unlimited("work") }), {
        reaped: [],
        workerIds: [],
        isMore: false,
      });
      expect.equal(await sibling.promote({ limit: 100 }), { promoted: [], nextDueInMs: undefined });
      expect.match(await jobOf(context, job), { status: "running" });
      expect.match(await jobOf(context, scheduled), { status: "scheduled" });
    },
  ),

  defineCase(
    "P9 A15: actions in one installation do not find the chains of the other",
    async (context, expect) => {
      const sibling = await context.openSibling();
      const actor = await createActor(context);
      const broken = await startAndClaim(context, actor, { type: "broken" });
      await actor.settle(broken, failed());
      const scheduled = await startOne(context, { schedule: { delayMs: minute } });
      const chainIds = [broken.chainId, scheduled];
      const before = await context.state.getChains({ tx: undefined, chainIds });
      const notFound = [{ outcome: "notFound" }, { outcome: "notFound" }];
      expect.match(
        await sibling.cancel({ tx: undefined, chainIds, reason: undefined, cascade: true }),
        notFound,
      );
      expect.match(await sibling.redrive({ tx: undefined, chainIds }), notFound);
      expect.match(await sibling.trigger({ tx: undefined, chainIds }), notFound);
      expect.match(
        await sibling.reschedule({ tx: undefined, chainIds, schedule: { delayMs: 0 } }),
        notFound,
      );
      expect.match(
        await sibling.deleteChains({ tx: undefined, chainIds, cascade: true }),
        notFound,
      );
      expect.match(
        await sibling.completeChains({
          tx: undefined,
          items: chainIds.map((chainId) => ({ chainId, type: "work", outcome: completed() })),
        }),
        notFound,
      );
      await sibling.setTypesPaused({ tx: undefined, types: ["work"], isPaused: true });
      expect.equal(await context.state.getChains({ tx: undefined, chainIds }), before);
      expect.equal(await context.state.listTypes(), []);
      await context.state.trigger({ tx: undefined, chainIds: [scheduled] });
      const live = await createActor(context);
      expect.match(await live.claimOne("work"), { chainId: scheduled });
    },
  ),

  defineCase("P9: completing a chain here releases nobody there", async (context, expect) => {
    const sibling = await context.openSibling();
    const blocker = newChain(context, { type: "item" });
    const waiting = newChain(context, { blockers: waitFor(blocker.chainId) });
    await start(context, [blocker, waiting]);
    await start(context, [blocker, waiting], sibling);
    const actor = await createActor(context);
    await actor.settle(await actor.claimOne("item"), completed());
    expect.match(await jobOf(context, waiting.chainId), { status: "ready" });
    expect.match(
      await sibling.getJobs({ tx: undefined, keys: [{ chainId: waiting.chainId, chainIndex: 0 }] }),
      [{ status: "blocked", openBlockers: 1 }],
    );
  }),
];

export const clockCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "P8 D6 Q11: every instant that is written is the database's, not the process's",
    async (context, expect) => {
      const actor = await createActor(context);
      const now = new Date(context.clock.now());
      expect.ok(
        Math.abs(now.getTime() - Date.now()) > 86_400_000,
        "the case's clock is too close to the process's to show anything",
      );
      const job = await startAndClaim(context, actor);
      expect.match(job, { createdAt: now, scheduledAt: now, claimedAt: now, waitMs: 0 });
      await actor.settle(job, failed());
      expect.match(await chainOf(context, job.chainId), { createdAt: now, closedAt: now });
      expect.match(await context.state.listAttempts({ key: job }), [
        { startedAt: now, endedAt: now },
      ]);
      expect.match(await context.state.listWorkers({ limit: 1 }), [
        { startedAt: now, isLive: true },
      ]);
    },
  ),

  defineCase(
    "P8 D6: while the database's clock stands still, leases live and schedules wait, however long the process takes",
    async (context, expect) => {
      const actor = await createActor(context, { leaseMs: 1 });
      const scheduled = await startOne(context, { schedule: { delayMs: 1 } });
      const job = await startAndClaim(context, actor);
      // Some ms of the process pass; the database's clock does not move.
      const untilMs = performance.now() + 5;
      while (performance.now() < untilMs) {
        await jobOf(context, job);
      }
      expect.equal(await context.state.promote({ limit: 10 }), { promoted: [], nextDueInMs: 1 });
      expect.equal(await context.state.reap({ limit: 10, attemptLimits: unlimited("work") }), {
        reaped: [],
        workerIds: [],
        isMore: false,
      });
      expect.match(await actor.renew({ held: [attemptKey(job)], leaseMs: 1 }), { isLive: true });
      expect.match(await jobOf(context, scheduled), { status: "scheduled" });
    },
  ),

  defineCase(
    "P8 D11: a clock that goes back loses nothing: leases and schedules hold until it has caught up",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const scheduled = await startOne(context, { schedule: { delayMs: minute } });
      context.clock.advance(-60 * minute);
      expect.match(await actor.renew({ held: [attemptKey(job)] }), { isLive: true });
      expect.equal(await context.state.reap({ limit: 10, attemptLimits: unlimited("work") }), {
        reaped: [],
        workerIds: [],
        isMore: false,
      });
      expect.match(await context.state.promote({ limit: 10 }), {
        promoted: [],
        nextDueInMs: 61 * minute,
      });
      const fresh = await startOne(context, { type: "fresh" });
      expect.match(await jobOf(context, fresh), { status: "ready" });
      expect.match(await actor.settle(job, completed()), { kind: "settled" });
      context.clock.advance(61 * minute);
      expect.match(await context.state.promote({ limit: 10 }), { promoted: [{ count: 1 }] });
      expect.match(await jobOf(context, scheduled), { status: "ready" });
    },
  ),

  defineCase(
    "P8: the wait of a job that became ready before the clock went back is not negative",
    async (context, expect) => {
      await startOne(context);
      context.clock.advance(-5_000);
      const actor = await createActor(context);
      const job = await actor.claimOne("work");
      expect.ok(job.waitMs >= 0, `the wait is ${job.waitMs} ms`);
    },
  ),

  defineCase("P8: sessions of one store agree on the time", async (context, expect) => {
    const other = await context.openSession();
    const actor = await createActor(context, { state: other });
    const chainId = await startOne(context, { schedule: { delayMs: minute } });
    context.clock.advance(minute);
    await other.promote({ limit: 10 });
    expect.match(await actor.claimOne("work"), {
      chainId,
      claimedAt: new Date(context.clock.now()),
    });
  }),
];
