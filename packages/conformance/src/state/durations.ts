import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { createActor, expireLeases, leaseMs, runOne, startAndClaim } from "../support/actor.ts";
import { completed, continued, failed, retried, startOne, waitFor } from "../support/jobs.ts";

const second = 1_000;

export const durationCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "P8: a chain that closes says how long it was open, from its first job to its last",
    async (context, expect) => {
      const actor = await createActor(context);
      const first = await startAndClaim(context, actor);
      context.clock.advance(second);
      expect.match(await actor.settle(first, continued({ type: "next" })), {
        kind: "settled",
        effects: { chainStatus: undefined, chainDurationMs: undefined },
      });
      const next = await actor.claimOne("next");
      context.clock.advance(2 * second);
      expect.match(await actor.settle(next, retried()), {
        effects: { chainStatus: undefined, chainDurationMs: undefined },
      });
      context.clock.advance(3 * second);
      expect.match(await runOne(actor, "next"), {
        effects: { chainStatus: "completed", chainDurationMs: 6 * second },
      });
    },
  ),

  defineCase("P8: a chain that fails, and fails again after a redrive", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor);
    context.clock.advance(second);
    expect.match(await actor.settle(job, failed()), {
      effects: { chainStatus: "failed", chainDurationMs: second },
    });
    context.clock.advance(second);
    await context.state.redrive({ tx: undefined, chainIds: [job.chainId] });
    expect.match(await actor.settle(await actor.claimOne("work"), failed()), {
      effects: { chainStatus: "failed", chainDurationMs: 2 * second },
    });
  }),

  defineCase("P8: a chain that is cancelled says how long it was open", async (context, expect) => {
    const chainId = await startOne(context);
    context.clock.advance(second);
    expect.match(
      await context.state.cancel({
        tx: undefined,
        chainIds: [chainId],
        reason: undefined,
        cascade: false,
      }),
      [{ outcome: "cancelled", chainDurationMs: second }],
    );
  }),

  defineCase(
    "P5: a chain that fails as it is reaped says how long it was open, a released one does not",
    async (context, expect) => {
      const actor = await createActor(context);
      await startAndClaim(context, actor);
      expireLeases(context);
      const reap = async (attemptCountMax: number): Promise<unknown> =>
        (
          await context.state.reap({
            limit: 10,
            attemptLimits: [{ type: "work", attemptCountMax, error: '{"message":"lost"}' }],
          })
        ).reaped;
      expect.match(await reap(2), [{ outcome: "released", chainDurationMs: undefined }]);
      await (await createActor(context)).claimOne("work");
      expireLeases(context);
      expect.match(await reap(2), [{ outcome: "failed", chainDurationMs: 2 * (leaseMs + 1) }]);
    },
  ),

  defineCase(
    "B7: a released job says how long it was blocked, from its creation to its last blocker's end",
    async (context, expect) => {
      const actor = await createActor(context);
      const first = await startAndClaim(context, actor, { type: "item" });
      const other = await startOne(context, { type: "other" });
      const last = await startAndClaim(context, actor, { type: "item" });
      context.clock.advance(second);
      const chainId = await startOne(context, { blockers: waitFor(first.chainId, last.chainId) });
      const byHand = await startOne(context, { blockers: waitFor(other) });
      context.clock.advance(second);
      expect.match(await actor.settle(first, completed()), { effects: { unblocked: [] } });
      context.clock.advance(second);
      expect.match(await actor.settle(last, completed()), {
        effects: { chainDurationMs: 3 * second, unblocked: [{ chainId, blockedMs: 2 * second }] },
      });
      context.clock.advance(second);
      expect.match(
        await context.state.completeChains({
          tx: undefined,
          items: [{ chainId: other, type: "other", outcome: completed() }],
        }),
        [{ effects: { unblocked: [{ chainId: byHand, blockedMs: 3 * second }] } }],
      );
    },
  ),
];
