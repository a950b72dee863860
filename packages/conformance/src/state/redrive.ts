import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { createActor, startAndClaim, type Actor } from "../support/actor.ts";
import { rollBack } from "../support/held-transaction.ts";
import {
  chainOf,
  completed,
  continued,
  failed,
  jobOf,
  retried,
  startOne,
  waitFor,
} from "../support/jobs.ts";

async function failOne(context: StateContext, actor: Actor, type = "work"): Promise<string> {
  const job = await startAndClaim(context, actor, { type });
  await actor.settle(job, failed());
  return job.chainId;
}

export const redriveCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "P4: a failed chain is opened again, its failed job ready with its attempts counted from 0",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { input: "1" });
      await actor.settle(job, retried(0));
      await actor.settle(await actor.claimOne("work"), failed());
      context.clock.advance(10);
      const { chainId } = job;
      expect.equal(await context.state.redrive({ tx: undefined, chainIds: [chainId] }), [
        {
          chainId,
          outcome: "redriven",
          job: { chainId, chainIndex: 0, type: "work", status: "ready" },
        },
      ]);
      expect.match(await jobOf(context, chainId), {
        status: "ready",
        attempt: 0,
        claimNo: 2,
        readyAt: new Date(context.clock.now()),
        completedAt: undefined,
        input: "1",
      });
      expect.match(await chainOf(context, chainId), { status: "open", closedAt: undefined });
      expect.match(await actor.claimOne("work"), { attempt: 1, claimNo: 3, input: "1" });
    },
  ),

  defineCase(
    "P4: the job that failed is redriven, not those before it",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await actor.settle(job, continued({ type: "next", input: "2" }));
      await actor.settle(await actor.claimOne("next"), failed());
      expect.match(await context.state.redrive({ tx: undefined, chainIds: [job.chainId] }), [
        { outcome: "redriven", job: { chainIndex: 1, type: "next" } },
      ]);
      expect.match(await jobOf(context, job), { status: "continued" });
      expect.match(await actor.claimOne("next"), { chainIndex: 1, input: "2", attempt: 1 });
    },
  ),

  defineCase(
    "P4: unknown chains and chains that did not fail are answered, in order, and left alone",
    async (context, expect) => {
      const actor = await createActor(context);
      const broken = await failOne(context, actor);
      const [ready, running, done, stopped] = [
        await startOne(context, { type: "other" }),
        await startAndClaim(context, actor, { type: "b" }),
        await startAndClaim(context, actor, { type: "c" }),
        await startOne(context, { type: "d" }),
      ];
      await actor.settle(done, completed());
      await context.state.cancel({
        tx: undefined,
        chainIds: [stopped],
        reason: undefined,
        cascade: false,
      });
      const missing = context.newChainId();
      const chainIds = [missing, ready, running.chainId, done.chainId, stopped, broken];
      const before = await context.state.getChains({
        tx: undefined,
        chainIds: chainIds.slice(0, 5),
      });
      const results = await context.state.redrive({ tx: undefined, chainIds });
      expect.equal(
        results.map((result) => [result.chainId, result.outcome]),
        [
          [missing, "notFound"],
          [ready, "notFailed"],
          [running.chainId, "notFailed"],
          [done.chainId, "notFailed"],
          [stopped, "notFailed"],
          [broken, "redriven"],
        ],
      );
      expect.equal(
        await context.state.getChains({ tx: undefined, chainIds: chainIds.slice(0, 5) }),
        before,
      );
      expect.equal(await context.state.redrive({ tx: undefined, chainIds: [] }), []);
    },
  ),

  defineCase("P4: a redriven chain can fail and be redriven again", async (context, expect) => {
    const actor = await createActor(context);
    const chainId = await failOne(context, actor);
    for (let round = 2; round <= 4; round++) {
      await context.state.redrive({ tx: undefined, chainIds: [chainId] });
      const job = await actor.claimOne("work");
      expect.match(job, { attempt: 1, claimNo: round });
      await actor.settle(job, failed());
    }
    expect.match(await chainOf(context, chainId), { status: "failed" });
  }),

  defineCase(
    "B7: a redriven chain that completes releases its dependants, once",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startAndClaim(context, actor, { type: "item" });
      const chainId = await startOne(context, { blockers: waitFor(blocker.chainId) });
      await actor.settle(blocker, failed());
      await context.state.redrive({ tx: undefined, chainIds: [blocker.chainId] });
      expect.match(await jobOf(context, chainId), { status: "blocked", openBlockers: 1 });
      expect.match(await actor.settle(await actor.claimOne("item"), completed("1")), {
        effects: { unblocked: [{ chainId }] },
      });
      expect.match(await actor.claimOne("work"), { chainId, blockers: [{ output: "1" }] });
    },
  ),

  defineCase("P1: a redrive that rolls back leaves the chain failed", async (context, expect) => {
    const actor = await createActor(context);
    const chainId = await failOne(context, actor);
    const before = await jobOf(context, chainId);
    await rollBack(context.state, async (tx) => context.state.redrive({ tx, chainIds: [chainId] }));
    expect.equal(await jobOf(context, chainId), before);
    expect.match(await chainOf(context, chainId), { status: "failed" });
  }),

  defineCase(
    "P3: two sessions that redrive one chain at once: one of them does",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context);
      for (let round = 0; round < 10; round++) {
        const chainId = await failOne(context, actor, `type-${round}`);
        const results = await Promise.all(
          [context.state, other].map(async (state) =>
            state.redrive({ tx: undefined, chainIds: [chainId] }),
          ),
        );
        expect.sameMembers(
          results.flat().map((result) => result.outcome),
          ["redriven", "notFailed"],
        );
      }
    },
  ),
];
