import type { ChainCompletion, CompletionResult } from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { createActor, startAndClaim } from "../support/actor.ts";
import { rollBack } from "../support/held-transaction.ts";
import {
  chainOf,
  completed,
  continued,
  failed,
  jobOf,
  startOne,
  waitFor,
} from "../support/jobs.ts";

const minute = 60_000;

async function complete(
  context: StateContext,
  chainId: string,
  fields: Partial<ChainCompletion> = {},
): Promise<CompletionResult> {
  const [result] = await context.state.completeChains({
    tx: undefined,
    items: [{ chainId, type: "work", outcome: completed('"by hand"'), ...fields }],
  });
  return result!;
}

export const completeChainsCases: readonly ConformanceCase<StateContext>[] = [
  defineCase("P2: a ready job is completed without a worker", async (context, expect) => {
    const chainId = await startOne(context);
    context.clock.advance(10);
    const now = new Date(context.clock.now());
    expect.equal(await complete(context, chainId), {
      outcome: "completed",
      chainIndex: 0,
      chainType: "work",
      effects: { chainStatus: "completed", chainDurationMs: 10, unblocked: [] },
    });
    expect.match(await chainOf(context, chainId), {
      status: "completed",
      output: '"by hand"',
      closedAt: now,
    });
    expect.match(await jobOf(context, chainId), {
      status: "completed",
      completedBy: undefined,
      completedAt: now,
      workerId: undefined,
    });
    const actor = await createActor(context);
    expect.equal(await actor.claim("work"), []);
  }),

  defineCase(
    "P2: a scheduled job is completed, and is not due any more",
    async (context, expect) => {
      const chainId = await startOne(context, { schedule: { delayMs: minute } });
      expect.match(await complete(context, chainId), { outcome: "completed" });
      context.clock.advance(minute);
      expect.equal(await context.state.promote({ limit: 10 }), {
        promoted: [],
        nextDueInMs: undefined,
      });
      expect.match(await jobOf(context, chainId), { status: "completed" });
    },
  ),

  defineCase("P3: a running attempt loses its job", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor);
    expect.match(await complete(context, job.chainId), { outcome: "completed" });
    expect.equal(await actor.settle(job, completed('"late"')), {
      kind: "lost",
      reason: "completedElsewhere",
    });
    expect.match(await chainOf(context, job.chainId), { output: '"by hand"' });
  }),

  defineCase("P2: a chain is continued without a worker", async (context, expect) => {
    const chainId = await startOne(context);
    const result = await complete(context, chainId, {
      outcome: continued({ type: "next", input: "1" }),
    });
    expect.equal(result, {
      outcome: "continued",
      chainIndex: 0,
      chainType: "work",
      effects: { waiting: { type: "next", status: "ready" }, unblocked: [] },
    });
    expect.match(await chainOf(context, chainId), {
      status: "open",
      last: { chainIndex: 1, type: "next", status: "ready" },
    });
    const actor = await createActor(context);
    expect.match(await actor.claimOne("next"), { chainId, chainIndex: 1, input: "1" });
  }),

  defineCase("P2: the open job is the last of the chain", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor);
    await actor.settle(job, continued({ type: "next" }));
    expect.equal(await complete(context, job.chainId), { outcome: "otherType", type: "next" });
    expect.match(await complete(context, job.chainId, { type: "next" }), {
      outcome: "completed",
      chainIndex: 1,
      chainType: "work",
    });
  }),

  defineCase("B7: completing releases the dependants", async (context, expect) => {
    const blocker = await startOne(context);
    const chainId = await startOne(context, { type: "parent", blockers: waitFor(blocker) });
    expect.match(await complete(context, blocker), {
      effects: {
        chainStatus: "completed",
        unblocked: [{ chainId, chainIndex: 0, type: "parent", status: "ready" }],
      },
    });
    const actor = await createActor(context);
    expect.match(await actor.claimOne("parent"), { blockers: [{ output: '"by hand"' }] });
  }),

  defineCase("P2: each item gets its own answer, in order", async (context, expect) => {
    const actor = await createActor(context);
    const broken = await startAndClaim(context, actor);
    await actor.settle(broken, failed());
    const [done, stopped, open] = [
      await startOne(context),
      await startOne(context),
      await startOne(context),
    ];
    await complete(context, done);
    await context.state.cancel({
      tx: undefined,
      chainIds: [stopped],
      reason: undefined,
      cascade: false,
    });
    const blocked = await startOne(context, { blockers: waitFor(open) });
    const missing = context.newChainId();
    const item = (
      chainId: string,
      type = "work",
      outcome: ChainCompletion["outcome"] = completed(),
    ): ChainCompletion => ({ chainId, type, outcome });
    const other = await startOne(context, { type: "other" });
    const refusing = await startOne(context);
    const results = await context.state.completeChains({
      tx: undefined,
      items: [
        item(missing),
        item(done),
        item(stopped),
        item(broken.chainId),
        item(blocked),
        item(other),
        item(refusing, "work", continued({ blockers: waitFor(missing) })),
      ],
    });
    expect.equal(results, [
      { outcome: "notFound" },
      { outcome: "notOpen", chainStatus: "completed" },
      { outcome: "notOpen", chainStatus: "cancelled" },
      { outcome: "notOpen", chainStatus: "failed" },
      { outcome: "blocked" },
      { outcome: "otherType", type: "other" },
      { outcome: "refused", blockerChainId: missing, reason: "notFound" },
    ]);
    expect.match(await jobOf(context, refusing), { status: "ready" });
    expect.match(await jobOf(context, blocked), { status: "blocked" });
    expect.match(await jobOf(context, other), { status: "ready" });
  }),

  defineCase("P2: a continuation with a cancelled blocker is refused", async (context, expect) => {
    const [chainId, blocker] = [await startOne(context), await startOne(context)];
    await context.state.cancel({
      tx: undefined,
      chainIds: [blocker],
      reason: undefined,
      cascade: false,
    });
    const result = await complete(context, chainId, {
      outcome: continued({ blockers: waitFor(blocker) }),
    });
    expect.equal(result, { outcome: "refused", blockerChainId: blocker, reason: "cancelled" });
    expect.match(await chainOf(context, chainId), { status: "open", last: { chainIndex: 0 } });
  }),

  defineCase("P2: a rollback leaves nothing of it", async (context, expect) => {
    const blocker = await startOne(context);
    const chainId = await startOne(context, { type: "parent", blockers: waitFor(blocker) });
    await rollBack(context.state, async (tx) =>
      context.state.completeChains({
        tx,
        items: [{ chainId: blocker, type: "work", outcome: completed() }],
      }),
    );
    expect.match(await jobOf(context, blocker), { status: "ready" });
    expect.match(await jobOf(context, chainId), { status: "blocked", openBlockers: 1 });
  }),

  defineCase("P2: an empty list is answered with an empty list", async (context, expect) => {
    expect.equal(await context.state.completeChains({ tx: undefined, items: [] }), []);
  }),

  defineCase(
    "P3: two sessions that complete one chain at once: one of them does",
    async (context, expect) => {
      const other = await context.openSession();
      for (let round = 0; round < 10; round++) {
        const chainId = await startOne(context);
        const results = await Promise.all(
          [context.state, other].map(async (state) =>
            state.completeChains({
              tx: undefined,
              items: [{ chainId, type: "work", outcome: completed() }],
            }),
          ),
        );
        expect.sameMembers(
          results.flat().map((result) => result.outcome),
          ["completed", "notOpen"],
        );
      }
    },
  ),
];
