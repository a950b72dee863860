import type { StateAdapter } from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import { ConformanceFailure } from "../expect.ts";
import type { StateContext } from "../state-context.ts";
import { attemptKey, createActor, unlimited } from "../support/actor.ts";
import { completed, newChain, startOne, startSeveral, waitFor } from "../support/jobs.ts";

/** Runs an operation, again while it conflicts: a conflict is the only error that a concurrent call may see. */
async function untilDone<TResult>(run: () => Promise<TResult>): Promise<TResult> {
  for (let round = 0; round < 100; round++) {
    try {
      return await run();
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== "STORE_CONFLICT") throw error;
    }
  }
  throw new ConformanceFailure("an operation conflicted 100 times in a row");
}

async function openSessions(context: StateContext, count: number): Promise<StateAdapter[]> {
  return Promise.all(Array.from({ length: count }, async () => context.openSession()));
}

export const concurrencyCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "C1: cancels, deletions, redrives and reschedules of the same chains in random orders: no error, no half change",
    async (context, expect) => {
      const sessions = await openSessions(context, 4);
      const chainIds = await startSeveral(context, 40);
      const actions = sessions.flatMap((state) =>
        Array.from({ length: 6 }, (_, index) => {
          const shuffled = context.random.shuffle(chainIds);
          return async (): Promise<unknown> =>
            untilDone<unknown>(async () => {
              if (index % 4 === 0)
                return state.cancel({
                  tx: undefined,
                  chainIds: shuffled.slice(0, 20),
                  reason: undefined,
                  cascade: true,
                });
              if (index % 4 === 1)
                return state.reschedule({
                  tx: undefined,
                  chainIds: shuffled,
                  schedule: { delayMs: 1_000 },
                });
              if (index % 4 === 2)
                return state.deleteChains({
                  tx: undefined,
                  chainIds: shuffled.slice(0, 5),
                  cascade: true,
                });
              return state.redrive({ tx: undefined, chainIds: shuffled });
            });
        }),
      );
      await Promise.all(context.random.shuffle(actions).map(async (action) => action()));
      const jobs = await context.state.listJobs({
        filter: {},
        order: "oldest",
        after: undefined,
        limit: 100,
      });
      const chains = await context.state.listChains({
        filter: {},
        order: "oldest",
        after: undefined,
        limit: 100,
      });
      expect.equal(
        jobs.map((job) => job.chainId),
        chains.map((chain) => chain.chainId),
        "chains and jobs",
      );
      for (const [index, job] of jobs.entries()) {
        expect.oneOf(job.status, ["ready", "scheduled", "cancelled"]);
        expect.equal(chains[index]!.status, job.status === "cancelled" ? "cancelled" : "open");
      }
    },
  ),

  defineCase(
    "C1: transactions of the user that take rows in crossed order: each commits, or conflicts and may be repeated",
    async (context, expect) => {
      const [left, right] = await openSessions(context, 2);
      const [first, second] = await startSeveral(context, 2, { schedule: { delayMs: 1_000 } });
      const crossed = async (
        state: StateAdapter,
        order: readonly string[],
        delayMs: number,
      ): Promise<void> =>
        untilDone(async () =>
          state.transaction(async (tx) => {
            for (const chainId of order) {
              await state.reschedule({ tx, chainIds: [chainId], schedule: { delayMs } });
            }
          }),
        );
      for (let round = 0; round < 20; round++) {
        await Promise.all([
          crossed(left!, [first!, second!], 10_000 + round),
          crossed(right!, [second!, first!], 20_000 + round),
        ]);
        const jobs = await context.state.listJobs({
          filter: {},
          order: "oldest",
          after: undefined,
          limit: 10,
        });
        expect.equal(
          jobs[0]!.scheduledAt,
          jobs[1]!.scheduledAt,
          "the two jobs that each transaction moved together",
        );
      }
    },
  ),

  defineCase(
    "C1 C2: starts with shared blockers, closers and cancels at once: every count is right in the end",
    async (context, expect) => {
      const sessions = await openSessions(context, 4);
      const actors = await Promise.all(
        sessions.map(async (state) => createActor(context, { state })),
      );
      const blockers = await startSeveral(context, 12, { type: "item" });
      const starts = sessions.flatMap((state) =>
        Array.from({ length: 10 }, () => {
          const chain = newChain(context, {
            blockers: waitFor(...context.random.shuffle(blockers).slice(0, 3)),
          });
          return async (): Promise<unknown> =>
            untilDone(async () => state.startChains({ tx: undefined, chains: [chain] }));
        }),
      );
      const closes = actors.map((actor) => async (): Promise<unknown> => {
        // A claim leaves what a start has locked at that moment.
        for (let left = 2; left > 0;) {
          const jobs = await actor.claim("item", { slots: left });
          for (const job of jobs) await untilDone(async () => actor.settle(job, completed()));
          left -= jobs.length;
        }
        return undefined;
      });
      await Promise.all(context.random.shuffle([...starts, ...closes]).map(async (run) => run()));
      const chains = await context.state.listChains({
        filter: { types: ["item"] },
        order: "oldest",
        after: undefined,
        limit: 100,
      });
      const openChains = new Set(
        chains.filter((chain) => chain.status === "open").map((chain) => chain.chainId),
      );
      expect.equal(openChains.size, 4, "blockers left open");
      const jobs = await context.state.listJobs({
        filter: { types: ["work"] },
        order: "oldest",
        after: undefined,
        limit: 100,
      });
      expect.equal(jobs.length, 40);
      let edgeCount = 0;
      for (const job of jobs) {
        const graph = await context.state.chainGraph({
          chainId: job.chainId,
          depth: 1,
          limit: 100,
        });
        const mine = graph.edges.filter((edge) => edge.job.chainId === job.chainId);
        edgeCount += mine.length;
        const openCount = mine.filter((edge) => openChains.has(edge.blockedBy)).length;
        expect.match(job, {
          openBlockers: openCount,
          status: openCount === 0 ? "ready" : "blocked",
        });
      }
      const roots = await context.state.listJobs({
        filter: { types: ["item"] },
        order: "oldest",
        after: undefined,
        limit: 100,
      });
      expect.equal(
        roots.reduce((sum, root) => sum + root.dependents, 0),
        edgeCount,
        "dependents counted",
      );
    },
  ),

  defineCase(
    "C1: settling, renewing, reaping and promoting at once: every job ends once",
    async (context, expect) => {
      const sessions = await openSessions(context, 4);
      const actors = await Promise.all(
        sessions.map(async (state) => createActor(context, { state })),
      );
      const chainIds = await startSeveral(context, 200);
      let settledCount = 0;
      await Promise.all(
        actors.map(async (actor, index) => {
          for (;;) {
            const jobs = await untilDone(async () => actor.claim("work", { slots: 5, ahead: 5 }));
            if (jobs.length === 0) return;
            const settle = jobs.map(async (job) =>
              untilDone(async () => actor.settle(job, completed())),
            );
            const others = [
              untilDone(async () =>
                actor.state.reap({ limit: 10, attemptLimits: unlimited("work") }),
              ),
              untilDone(async () => actor.state.promote({ limit: 10 })),
              untilDone(async () => sessions[(index + 1) % 4]!.stats({ cap: 10 })),
            ];
            const verdicts = await Promise.all(settle);
            await Promise.all(others);
            settledCount += verdicts.filter((verdict) => verdict.kind === "settled").length;
          }
        }),
      );
      expect.equal(settledCount, chainIds.length);
      expect.equal(
        await context.state.countChains({ filter: { statuses: ["completed"] }, cap: 1_000 }),
        chainIds.length,
      );
    },
  ),

  defineCase("C5: many operations of one session at once all answer", async (context, expect) => {
    const actor = await createActor(context);
    const results = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        if (index % 3 === 0) return startOne(context, { type: `type-${index}` });
        if (index % 3 === 1) return context.state.stats({ cap: 10 });
        return actor.claim(`type-${index - 2}`);
      }),
    );
    expect.equal(results.length, 60);
    expect.equal(await context.state.countChains({ filter: {}, cap: 100 }), 20);
  }),

  defineCase(
    "P3: many settlements of one attempt at once: one takes effect, the others answer already",
    async (context, expect) => {
      const sessions = await openSessions(context, 4);
      const actor = await createActor(context);
      await startOne(context);
      const job = await actor.claimOne("work");
      const settle = async (state: StateAdapter): Promise<string> =>
        untilDone(async () => {
          for (;;) {
            const { verdicts } = await state.exchange({
              workerId: actor.workerId,
              settlements: [{ ...attemptKey(job), outcome: completed() }],
              started: [],
              claim: undefined,
            });
            if (verdicts[0]!.kind !== "deferred") return verdicts[0]!.kind;
          }
        });
      const kinds = await Promise.all(sessions.map(settle));
      expect.equal(kinds.toSorted(), ["already", "already", "already", "settled"]);
    },
  ),

  defineCase(
    "C1: moving every chain in every session's own transaction, back and forth: nothing is lost",
    async (context, expect) => {
      const sessions = await openSessions(context, 3);
      const chainIds = await startSeveral(context, 15, { schedule: { delayMs: 1_000 } });
      await Promise.all(
        sessions.map(async (state) => {
          for (let round = 0; round < 5; round++) {
            const shuffled = context.random.shuffle(chainIds);
            await untilDone(async () =>
              state.transaction(async (tx) => {
                await state.trigger({ tx, chainIds: shuffled });
                await state.reschedule({
                  tx,
                  chainIds: context.random.shuffle(shuffled),
                  schedule: { delayMs: 5_000 },
                });
              }),
            );
          }
        }),
      );
      expect.match(await context.state.stats({ cap: 100 }), [
        { counts: { scheduled: 15, ready: 0 } },
      ]);
    },
  ),
];
