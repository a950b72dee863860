import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { createActor, startAndClaim } from "../support/actor.ts";
import { rollBack } from "../support/held-transaction.ts";
import { completed, startOne } from "../support/jobs.ts";

async function pause(
  context: StateContext,
  types: readonly string[],
  isPaused = true,
): Promise<void> {
  await context.state.setTypesPaused({ tx: undefined, types, isPaused });
}

export const setTypesPausedCases: readonly ConformanceCase<StateContext>[] = [
  defineCase("P4: a paused type is not claimed, the others are", async (context, expect) => {
    const actor = await createActor(context);
    await startOne(context, { type: "a" });
    const free = await startOne(context, { type: "b" });
    await pause(context, ["a"]);
    expect.match(await actor.claim(["a", "b"]), [{ chainId: free }]);
  }),

  defineCase("P4: a resumed type is claimed again", async (context, expect) => {
    const actor = await createActor(context);
    const chainId = await startOne(context);
    await pause(context, ["work"]);
    expect.equal(await actor.claim("work"), []);
    await pause(context, ["work"], false);
    expect.match(await actor.claim("work"), [{ chainId }]);
  }),

  defineCase(
    "P4: what runs of a paused type goes on, renews and settles",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await pause(context, ["work"]);
      expect.match(
        await actor.renew({ held: [{ chainId: job.chainId, chainIndex: 0, claimNo: 1 }] }),
        { isLive: true, lost: [] },
      );
      expect.match(await actor.settle(job, completed()), { kind: "settled" });
    },
  ),

  defineCase("P4: chains of a paused type can be started", async (context, expect) => {
    await pause(context, ["work"]);
    await startOne(context);
    expect.match(await context.state.stats({ cap: 10 }), [
      { type: "work", isPaused: true, counts: { ready: 1 } },
    ]);
  }),

  defineCase(
    "P4: listTypes names the types that were paused or resumed, and how they stand",
    async (context, expect) => {
      await startOne(context, { type: "never" });
      expect.equal(await context.state.listTypes(), []);
      await pause(context, ["a", "b", "c"]);
      await pause(context, ["b"], false);
      await pause(context, ["a"]);
      expect.sameMembers(await context.state.listTypes(), [
        { type: "a", isPaused: true },
        { type: "b", isPaused: false },
        { type: "c", isPaused: true },
      ]);
    },
  ),

  defineCase("P4: pausing no types, or the same again, is fine", async (context, expect) => {
    await pause(context, []);
    await pause(context, ["a"]);
    await pause(context, ["a"]);
    expect.equal(await context.state.listTypes(), [{ type: "a", isPaused: true }]);
  }),

  defineCase("P1: a pause that rolls back pauses nothing", async (context, expect) => {
    const actor = await createActor(context);
    const chainId = await startOne(context);
    await rollBack(context.state, async (tx) =>
      context.state.setTypesPaused({ tx, types: ["work"], isPaused: true }),
    );
    expect.equal(await context.state.listTypes(), []);
    expect.match(await actor.claim("work"), [{ chainId }]);
  }),

  defineCase("P4: a pause in a transaction holds from its commit on", async (context, expect) => {
    const actor = await createActor(context);
    await startOne(context);
    await context.state.transaction(async (tx) =>
      context.state.setTypesPaused({ tx, types: ["work"], isPaused: true }),
    );
    expect.equal(await actor.claim("work"), []);
  }),
];
