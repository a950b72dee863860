import type { CancelResult } from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { createActor, runOne, startAndClaim } from "../support/actor.ts";
import { rollBack } from "../support/held-transaction.ts";
import {
  chainOf,
  completed,
  continued,
  failed,
  jobOf,
  newChain,
  start,
  startOne,
  waitFor,
} from "../support/jobs.ts";

const minute = 60_000;

async function cancel(
  context: StateContext,
  chainIds: readonly string[],
  options: { readonly cascade?: boolean; readonly reason?: string } = {},
): Promise<readonly CancelResult[]> {
  return context.state.cancel({
    tx: undefined,
    chainIds,
    reason: options.reason,
    cascade: options.cascade ?? false,
  });
}

function outcomesOf(results: readonly CancelResult[]): (readonly [string, string])[] {
  return results.map((result) => [result.chainId, result.outcome]);
}

export const cancelCases: readonly ConformanceCase<StateContext>[] = [
  defineCase("P4: a ready chain is cancelled, with its reason", async (context, expect) => {
    const chainId = await startOne(context);
    context.clock.advance(10);
    const now = new Date(context.clock.now());
    expect.equal(await cancel(context, [chainId], { reason: '{"why":"not needed"}' }), [
      {
        chainId,
        outcome: "cancelled",
        chainType: "work",
        chainDurationMs: 10,
        job: { chainId, chainIndex: 0, type: "work" },
        workerId: undefined,
      },
    ]);
    expect.match(await chainOf(context, chainId), {
      status: "cancelled",
      closedAt: now,
      error: '{"why":"not needed"}',
      output: undefined,
    });
    expect.match(await jobOf(context, chainId), {
      status: "cancelled",
      completedAt: now,
      completedBy: undefined,
      workerId: undefined,
    });
    const actor = await createActor(context);
    expect.equal(await actor.claim("work"), []);
  }),

  defineCase("P4: a chain cancelled without a reason has none", async (context, expect) => {
    const chainId = await startOne(context);
    await cancel(context, [chainId]);
    expect.match(await chainOf(context, chainId), { status: "cancelled", error: undefined });
  }),

  defineCase(
    "P3: a running attempt loses its cancelled job, and the answer names its worker",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      expect.match(await cancel(context, [job.chainId]), [
        { outcome: "cancelled", workerId: actor.workerId },
      ]);
      expect.equal(await actor.settle(job, completed()), { kind: "lost", reason: "cancelled" });
      expect.match(await context.state.listWorkers({ limit: 10 }), [{ runningCount: 0 }]);
    },
  ),

  defineCase(
    "P4: the open job is the last of the chain, and those before stay continued",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await actor.settle(job, continued({ type: "next", schedule: { delayMs: minute } }));
      expect.match(await cancel(context, [job.chainId]), [
        { outcome: "cancelled", chainType: "work", job: { chainIndex: 1, type: "next" } },
      ]);
      expect.match(await chainOf(context, job.chainId), {
        status: "cancelled",
        last: { chainIndex: 1, status: "cancelled" },
      });
      expect.match(await jobOf(context, job), { status: "continued" });
      context.clock.advance(minute);
      expect.match(await context.state.promote({ limit: 10 }), { promoted: [] });
    },
  ),

  defineCase(
    "P4: unknown and closed chains are answered, and left alone",
    async (context, expect) => {
      const actor = await createActor(context);
      const [done, broken] = [
        await startAndClaim(context, actor, { type: "a" }),
        await startAndClaim(context, actor, { type: "b" }),
      ];
      await actor.settle(done, completed());
      await actor.settle(broken, failed());
      const stopped = await startOne(context);
      await cancel(context, [stopped]);
      const missing = context.newChainId();
      const chainIds = [missing, done.chainId, broken.chainId, stopped];
      const before = await context.state.getChains({ tx: undefined, chainIds });
      const expected = [
        [missing, "notFound"],
        [done.chainId, "alreadyClosed"],
        [broken.chainId, "alreadyClosed"],
        [stopped, "alreadyClosed"],
      ];
      expect.equal(outcomesOf(await cancel(context, chainIds)), expected);
      expect.equal(outcomesOf(await cancel(context, chainIds, { cascade: true })), expected);
      expect.equal(await context.state.getChains({ tx: undefined, chainIds }), before);
    },
  ),

  defineCase("P4: results stand in the order of the request", async (context, expect) => {
    const chainIds = [];
    for (let index = 0; index < 20; index++) {
      chainIds.push(await startOne(context));
    }
    const asked = context.random.shuffle(chainIds);
    expect.equal(
      (await cancel(context, asked)).map((result) => result.chainId),
      asked,
    );
    expect.equal(await cancel(context, []), []);
  }),

  defineCase(
    "P4: a chain that others wait for is refused, with their names, and nothing is written",
    async (context, expect) => {
      const blocker = await startOne(context, { type: "item" });
      const dependants = [
        await startOne(context, { blockers: waitFor(blocker) }),
        await startOne(context, { blockers: waitFor(blocker) }),
      ];
      const free = await startOne(context);
      const [refused, cancelled] = await cancel(context, [blocker, free]);
      expect.match(refused, { chainId: blocker, outcome: "hasDependants" });
      expect.sameMembers(
        refused?.outcome === "hasDependants" ? refused.dependants : [],
        dependants,
      );
      expect.match(cancelled, { chainId: free, outcome: "cancelled" });
      expect.match(await chainOf(context, blocker), { status: "open" });
    },
  ),

  defineCase(
    "P4: a dependant that waits as a later job of its chain counts too",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startOne(context, { type: "item" });
      const job = await startAndClaim(context, actor);
      await actor.settle(job, continued({ blockers: waitFor(blocker) }));
      expect.equal(await cancel(context, [blocker]), [
        { chainId: blocker, outcome: "hasDependants", dependants: [job.chainId] },
      ]);
      const results = await cancel(context, [blocker], { cascade: true });
      expect.match(results, [
        { chainId: blocker, outcome: "cancelled" },
        { chainId: job.chainId, outcome: "cancelled", job: { chainIndex: 1 } },
      ]);
    },
  ),

  defineCase("P4: dependants that are closed do not hold a chain", async (context, expect) => {
    const blocker = await startOne(context, { type: "item" });
    const dependant = await startOne(context, { blockers: waitFor(blocker) });
    await cancel(context, [dependant]);
    expect.match(await cancel(context, [blocker]), [{ outcome: "cancelled" }]);
  }),

  defineCase(
    "P4: cascade cancels those that wait, and theirs, each once, after those asked for",
    async (context, expect) => {
      const [top, left, right, bottom, bystander] = Array.from({ length: 5 }, () =>
        newChain(context),
      );
      await start(context, [
        top!,
        { ...left!, blockers: waitFor(top!.chainId) },
        { ...right!, blockers: waitFor(top!.chainId) },
        { ...bottom!, blockers: waitFor(left!.chainId, right!.chainId) },
        bystander!,
      ]);
      const results = await cancel(context, [top!.chainId], { cascade: true, reason: '"stop"' });
      expect.match(results[0], { chainId: top!.chainId, outcome: "cancelled" });
      expect.sameMembers(
        outcomesOf(results.slice(1)),
        [left!, right!, bottom!].map((chain) => [chain.chainId, "cancelled"]),
      );
      const chains = await context.state.getChains({
        tx: undefined,
        chainIds: [top!, left!, right!, bottom!].map((chain) => chain.chainId),
      });
      expect.ok(
        chains.every((chain) => chain?.status === "cancelled" && chain.error === '"stop"'),
        "a chain of the diamond is not cancelled with the reason",
      );
      expect.match(await chainOf(context, bystander!.chainId), { status: "open" });
    },
  ),

  defineCase("P4: a cascading cancel follows a line of 60 chains", async (context, expect) => {
    const chains = Array.from({ length: 60 }, () => newChain(context));
    await start(
      context,
      chains.map((chain, index) =>
        index === 0 ? chain : { ...chain, blockers: waitFor(chains[index - 1]!.chainId) },
      ),
    );
    const results = await cancel(context, [chains[0]!.chainId], { cascade: true });
    expect.equal(results.length, 60);
    expect.equal(
      await context.state.countChains({ filter: { statuses: ["cancelled"] }, cap: 100 }),
      60,
    );
  }),

  defineCase(
    "P4: cascade leaves dependants alone that are over, and other blockers of those it cancels",
    async (context, expect) => {
      const actor = await createActor(context);
      const [blocker, other] = [
        await startOne(context, { type: "item" }),
        await startOne(context, { type: "other" }),
      ];
      const dependant = await startOne(context, { blockers: waitFor(blocker, other) });
      const over = await startOne(context, { blockers: waitFor(blocker) });
      await cancel(context, [over], { reason: '"before"' });
      expect.sameMembers(outcomesOf(await cancel(context, [blocker], { cascade: true })), [
        [blocker, "cancelled"],
        [dependant, "cancelled"],
      ]);
      expect.match(await chainOf(context, over), { error: '"before"' });
      expect.match(await chainOf(context, other), { status: "open" });
      expect.match(await runOne(actor, "other"), { kind: "settled", effects: { unblocked: [] } });
      expect.match(await chainOf(context, dependant), { status: "cancelled" });
    },
  ),

  defineCase(
    "P4: cascade answers a chain once that is asked for and also waits",
    async (context, expect) => {
      const blocker = await startOne(context);
      const dependant = await startOne(context, { blockers: waitFor(blocker) });
      expect.equal(outcomesOf(await cancel(context, [dependant, blocker], { cascade: true })), [
        [dependant, "cancelled"],
        [blocker, "cancelled"],
      ]);
    },
  ),

  defineCase(
    "P1: a cancel that rolls back leaves the chains as they were",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const dependant = await startOne(context, { type: "parent", blockers: waitFor(job.chainId) });
      const keys = [job, { chainId: dependant, chainIndex: 0 }];
      const before = await context.state.getJobs({ tx: undefined, keys });
      await rollBack(context.state, async (tx) =>
        context.state.cancel({ tx, chainIds: [job.chainId], reason: '"no"', cascade: true }),
      );
      expect.equal(await context.state.getJobs({ tx: undefined, keys }), before);
      expect.match(await actor.settle(job, completed()), {
        kind: "settled",
        effects: { unblocked: [{ chainId: dependant }] },
      });
    },
  ),

  defineCase(
    "P4 B7: cancelling a blocker while a dependant starts: refused, or the start is; never blocked for ever",
    async (context, expect) => {
      const other = await context.openSession();
      for (let round = 0; round < 10; round++) {
        const blocker = await startOne(context, { type: "item" });
        const chain = newChain(context, { blockers: waitFor(blocker) });
        const begin = async (): Promise<string> =>
          start(context, [chain], other).then(
            () => "started",
            (error: { readonly code: string }) => error.code,
          );
        const stop = async (): Promise<string> => (await cancel(context, [blocker]))[0]!.outcome;
        const outcomes = await Promise.all(round % 2 === 0 ? [begin(), stop()] : [stop(), begin()]);
        expect.oneOf(outcomes.toSorted(), [
          ["hasDependants", "started"],
          ["BLOCKER_UNUSABLE", "cancelled"],
        ]);
      }
    },
  ),

  defineCase(
    "P3: cancelling and settling at once: one of them wins, and the chain says so",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context, { state: other });
      for (let round = 0; round < 10; round++) {
        const job = await startAndClaim(context, actor);
        const settle = async (): Promise<string> => (await actor.settle(job, completed())).kind;
        const stop = async (): Promise<string> =>
          (await cancel(context, [job.chainId]))[0]!.outcome;
        const outcomes = await Promise.all(
          round % 2 === 0 ? [settle(), stop()] : [stop(), settle()],
        );
        expect.oneOf(outcomes.toSorted(), [
          ["alreadyClosed", "settled"],
          ["cancelled", "lost"],
        ]);
        expect.match(await chainOf(context, job.chainId), {
          status: outcomes.includes("settled") ? "completed" : "cancelled",
        });
      }
    },
  ),
];
