import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { createActor } from "../support/actor.ts";
import { jobOf, newChain, start, startOne, startSeveral, waitFor } from "../support/jobs.ts";

const minute = 60_000;

export const promoteCases: readonly ConformanceCase<StateContext>[] = [
  defineCase("P8: nothing scheduled, nothing promoted, nothing due", async (context, expect) => {
    await startOne(context);
    expect.equal(await context.state.promote({ limit: 10 }), {
      promoted: [],
      nextDueInMs: undefined,
    });
  }),

  defineCase(
    "P8: a job is promoted when it is due by the database's clock, not before",
    async (context, expect) => {
      const chainId = await startOne(context, { schedule: { delayMs: minute } });
      context.clock.advance(minute - 1);
      expect.equal(await context.state.promote({ limit: 10 }), { promoted: [], nextDueInMs: 1 });
      expect.match(await jobOf(context, chainId), { status: "scheduled", readyAt: undefined });
      context.clock.advance(1);
      expect.equal(await context.state.promote({ limit: 10 }), {
        promoted: [{ type: "work", count: 1 }],
        nextDueInMs: undefined,
      });
      expect.match(await jobOf(context, chainId), {
        status: "ready",
        readyAt: new Date(context.clock.now()),
      });
      const actor = await createActor(context);
      expect.match(await actor.claimOne("work"), { chainId, attempt: 1 });
    },
  ),

  defineCase(
    "B10: the time until the next due job is that of the soonest, also when it was started last",
    async (context, expect) => {
      await startOne(context, { schedule: { delayMs: 5 * minute } });
      expect.match(await context.state.promote({ limit: 10 }), { nextDueInMs: 5 * minute });
      await startOne(context, { schedule: { delayMs: minute } });
      expect.match(await context.state.promote({ limit: 10 }), { nextDueInMs: minute });
    },
  ),

  defineCase(
    "B8 B10: a claim that is not filled says when the next job is due, and a full one does not",
    async (context, expect) => {
      const actor = await createActor(context);
      const claim = { types: [{ type: "work", limit: 2 }], slots: 1, ahead: 1 };
      await startSeveral(context, 3);
      expect.match(await actor.exchange({ claim }), { schedule: undefined });
      expect.match(await actor.exchange({ claim }), { schedule: { nextDueInMs: undefined } });
      await startOne(context, { type: "other", schedule: { delayMs: minute } });
      expect.match(await actor.exchange({}), { schedule: undefined });
      expect.match(await actor.exchange({ claim }), { schedule: { nextDueInMs: minute } });
      context.clock.advance(minute);
      expect.match(await actor.exchange({ claim }), { schedule: { nextDueInMs: 0 } });
      await context.state.promote({ limit: 10 });
      expect.match(await actor.exchange({ claim }), { schedule: { nextDueInMs: undefined } });
    },
  ),

  defineCase("B10: it knows of what is settled by the same exchange", async (context, expect) => {
    const actor = await createActor(context);
    await startOne(context);
    const { chainId, chainIndex, claimNo } = await actor.claimOne("work");
    const result = await actor.exchange({
      settlements: [
        { chainId, chainIndex, claimNo, outcome: { kind: "retried", delayMs: 500, error: "{}" } },
      ],
      claim: { types: [{ type: "work", limit: 1 }], slots: 1, ahead: 0 },
    });
    expect.match(result, { schedule: { nextDueInMs: 500 } });
  }),

  defineCase("P8: counts stand per type", async (context, expect) => {
    await startSeveral(context, 3, { type: "a", schedule: { delayMs: minute } });
    await startSeveral(context, 2, { type: "b", schedule: { delayMs: minute } });
    await startSeveral(context, 4, { type: "a", schedule: { delayMs: 3 * minute } });
    context.clock.advance(minute);
    const { promoted, nextDueInMs } = await context.state.promote({ limit: 100 });
    expect.sameMembers(promoted, [
      { type: "a", count: 3 },
      { type: "b", count: 2 },
    ]);
    expect.equal(nextDueInMs, 2 * minute);
  }),

  defineCase(
    "B8: the limit holds, those due first come first, and 0 says that more are due",
    async (context, expect) => {
      const now = context.clock.now();
      const delays = [40, 10, 30, 50, 20];
      const results = await start(
        context,
        delays.map((delayMs) => newChain(context, { schedule: { delayMs } })),
      );
      context.clock.advance(minute);
      const ready: string[][] = [];
      for (let page = 0; page < 3; page++) {
        const result = await context.state.promote({ limit: 2 });
        expect.equal(result, {
          promoted: [{ type: "work", count: page < 2 ? 2 : 1 }],
          nextDueInMs: page < 2 ? 0 : undefined,
        });
        const jobs = await context.state.listJobs({
          filter: { statuses: ["ready"] },
          order: "oldest",
          after: undefined,
          limit: 10,
        });
        ready.push(jobs.map((job) => job.scheduledAt.getTime() - now).map(String));
      }
      expect.equal(
        ready.map((page) => page.toSorted()),
        [
          ["10", "20"],
          ["10", "20", "30", "40"],
          ["10", "20", "30", "40", "50"],
        ],
      );
      expect.equal(results.length, 5);
    },
  ),

  defineCase(
    "B8: 20,000 jobs that are due at once become ready in 20 calls, and are claimable",
    async (context, expect) => {
      await startSeveral(context, 20_000, { schedule: { delayMs: minute } });
      context.clock.advance(minute);
      let promotedCount = 0;
      for (let page = 0; page < 20; page++) {
        const result = await context.state.promote({ limit: 1_000 });
        promotedCount += result.promoted.reduce((sum, entry) => sum + entry.count, 0);
        expect.equal(result.nextDueInMs, page < 19 ? 0 : undefined, `page ${page + 1}`);
      }
      expect.equal(promotedCount, 20_000);
      const actor = await createActor(context);
      expect.equal((await actor.claim("work", { slots: 1_000 })).length, 1_000);
    },
  ),

  defineCase(
    "B8: several sessions that promote at once promote each job once",
    async (context, expect) => {
      const sessions = await Promise.all(
        Array.from({ length: 4 }, async () => context.openSession()),
      );
      await startSeveral(context, 500, { schedule: { delayMs: minute } });
      context.clock.advance(minute);
      let promotedCount = 0;
      for (let round = 0; round < 20 && promotedCount < 500; round++) {
        const results = await Promise.all(
          sessions.map(async (state) => state.promote({ limit: 50 })),
        );
        promotedCount += results
          .flatMap((result) => result.promoted)
          .reduce((sum, entry) => sum + entry.count, 0);
      }
      expect.equal(promotedCount, 500);
      expect.match(await context.state.stats({ cap: 1_000 }), [
        { counts: { ready: 500, scheduled: 0 } },
      ]);
    },
  ),

  defineCase("P8: a blocked job is not promoted when its time comes", async (context, expect) => {
    const blocker = await startOne(context, { type: "item" });
    const chainId = await startOne(context, {
      blockers: waitFor(blocker),
      schedule: { delayMs: minute },
    });
    context.clock.advance(2 * minute);
    expect.equal(await context.state.promote({ limit: 10 }), {
      promoted: [],
      nextDueInMs: undefined,
    });
    expect.match(await jobOf(context, chainId), { status: "blocked" });
  }),

  defineCase("P8: a job of a paused type is promoted, and not claimed", async (context, expect) => {
    const chainId = await startOne(context, { schedule: { delayMs: minute } });
    await context.state.setTypesPaused({ tx: undefined, types: ["work"], isPaused: true });
    context.clock.advance(minute);
    expect.match(await context.state.promote({ limit: 10 }), {
      promoted: [{ type: "work", count: 1 }],
    });
    expect.match(await jobOf(context, chainId), { status: "ready" });
    const actor = await createActor(context);
    expect.equal(await actor.claim("work"), []);
  }),

  defineCase("P8: cancelled and deleted jobs are not due", async (context, expect) => {
    const [cancelled, deleted] = [
      await startOne(context, { schedule: { delayMs: minute } }),
      await startOne(context, { schedule: { delayMs: minute } }),
    ];
    await context.state.cancel({
      tx: undefined,
      chainIds: [cancelled],
      reason: undefined,
      cascade: false,
    });
    await context.state.deleteChains({ tx: undefined, chainIds: [deleted], cascade: false });
    context.clock.advance(minute);
    expect.equal(await context.state.promote({ limit: 10 }), {
      promoted: [],
      nextDueInMs: undefined,
    });
  }),
];
