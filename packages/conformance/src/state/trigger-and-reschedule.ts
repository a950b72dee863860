import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { createActor, runOne, startAndClaim } from "../support/actor.ts";
import { rollBack } from "../support/held-transaction.ts";
import {
  completed,
  continued,
  failed,
  jobOf,
  retried,
  startOne,
  waitFor,
} from "../support/jobs.ts";

const minute = 60_000;

/** Chains in every state but scheduled, and one that is not there. */
async function startOthers(context: StateContext): Promise<{
  readonly missing: string;
  readonly blocked: string;
  readonly ready: string;
  readonly running: string;
  readonly closed: readonly string[];
}> {
  const actor = await createActor(context, { leaseMs: 100 * minute });
  const [done, broken] = [
    await startAndClaim(context, actor, { type: "a" }),
    await startAndClaim(context, actor, { type: "b" }),
  ];
  await actor.settle(done, completed());
  await actor.settle(broken, failed());
  const [ready, stopped] = [
    await startOne(context, { type: "c" }),
    await startOne(context, { type: "d" }),
  ];
  await context.state.cancel({
    tx: undefined,
    chainIds: [stopped],
    reason: undefined,
    cascade: false,
  });
  const running = await startAndClaim(context, actor, { type: "e" });
  const blocked = await startOne(context, { type: "f", blockers: waitFor(ready) });
  return {
    missing: context.newChainId(),
    blocked,
    ready,
    running: running.chainId,
    closed: [done.chainId, broken.chainId, stopped],
  };
}

export const triggerCases: readonly ConformanceCase<StateContext>[] = [
  defineCase("P8: a scheduled job is made ready at once", async (context, expect) => {
    const chainId = await startOne(context, { schedule: { delayMs: minute } });
    context.clock.advance(10);
    expect.equal(await context.state.trigger({ tx: undefined, chainIds: [chainId] }), [
      {
        chainId,
        outcome: "triggered",
        job: { chainId, chainIndex: 0, type: "work", status: "ready" },
      },
    ]);
    expect.match(await jobOf(context, chainId), {
      status: "ready",
      readyAt: new Date(context.clock.now()),
    });
    const actor = await createActor(context);
    expect.match(await actor.claimOne("work"), { chainId });
    context.clock.advance(minute);
    expect.equal(await context.state.promote({ limit: 10 }), {
      promoted: [],
      nextDueInMs: undefined,
    });
  }),

  defineCase(
    "D1: a job that waits for its retry is triggered, and keeps its attempts",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await actor.settle(job, retried(minute));
      expect.match(await context.state.trigger({ tx: undefined, chainIds: [job.chainId] }), [
        { outcome: "triggered" },
      ]);
      expect.match(await actor.claimOne("work"), { attempt: 2, claimNo: 2 });
    },
  ),

  defineCase("P8: the scheduled job of a chain is its last", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor);
    await actor.settle(job, continued({ type: "next", schedule: { delayMs: minute } }));
    expect.match(await context.state.trigger({ tx: undefined, chainIds: [job.chainId] }), [
      { outcome: "triggered", job: { chainIndex: 1, type: "next" } },
    ]);
  }),

  defineCase(
    "P8: what is not scheduled is not triggered, and left alone",
    async (context, expect) => {
      const others = await startOthers(context);
      const scheduled = await startOne(context, { schedule: { delayMs: minute } });
      const chainIds = [
        others.missing,
        others.blocked,
        others.ready,
        others.running,
        ...others.closed,
        scheduled,
      ];
      const keys = chainIds.slice(0, -1).map((chainId) => ({ chainId, chainIndex: 0 }));
      const before = await context.state.getJobs({ tx: undefined, keys });
      const results = await context.state.trigger({ tx: undefined, chainIds });
      expect.equal(
        results.map((result) => [result.chainId, result.outcome]),
        chainIds.map((chainId, index) => [
          chainId,
          index === 0 ? "notFound" : chainId === scheduled ? "triggered" : "notTriggerable",
        ]),
      );
      expect.equal(await context.state.getJobs({ tx: undefined, keys }), before);
      expect.equal(await context.state.trigger({ tx: undefined, chainIds: [] }), []);
    },
  ),

  defineCase("P1: a trigger that rolls back leaves the job scheduled", async (context, expect) => {
    const chainId = await startOne(context, { schedule: { delayMs: minute } });
    const before = await jobOf(context, chainId);
    await rollBack(context.state, async (tx) => context.state.trigger({ tx, chainIds: [chainId] }));
    expect.equal(await jobOf(context, chainId), before);
  }),
];

export const rescheduleCases: readonly ConformanceCase<StateContext>[] = [
  defineCase("P8: a scheduled job moves later and sooner", async (context, expect) => {
    const now = context.clock.now();
    const chainId = await startOne(context, { schedule: { delayMs: minute } });
    expect.equal(
      await context.state.reschedule({
        tx: undefined,
        chainIds: [chainId],
        schedule: { delayMs: 5 * minute },
      }),
      [
        {
          chainId,
          outcome: "rescheduled",
          job: { chainId, chainIndex: 0, type: "work", status: "scheduled" },
        },
      ],
    );
    expect.match(await jobOf(context, chainId), {
      status: "scheduled",
      scheduledAt: new Date(now + 5 * minute),
    });
    await context.state.reschedule({
      tx: undefined,
      chainIds: [chainId],
      schedule: { at: new Date(now + 1_000) },
    });
    expect.match(await context.state.promote({ limit: 10 }), { nextDueInMs: 1_000 });
  }),

  defineCase(
    "P8: a ready job that moves into the future is scheduled, and not claimed before",
    async (context, expect) => {
      const actor = await createActor(context);
      const chainId = await startOne(context);
      expect.match(
        await context.state.reschedule({
          tx: undefined,
          chainIds: [chainId],
          schedule: { delayMs: minute },
        }),
        [{ outcome: "rescheduled", job: { status: "scheduled" } }],
      );
      expect.match(await jobOf(context, chainId), { status: "scheduled", readyAt: undefined });
      expect.equal(await actor.claim("work"), []);
      context.clock.advance(minute);
      await context.state.promote({ limit: 10 });
      expect.match(await actor.claimOne("work"), { chainId, waitMs: 0 });
    },
  ),

  defineCase("P8: a job that moves into the past is ready", async (context, expect) => {
    const actor = await createActor(context);
    const chainId = await startOne(context, { schedule: { delayMs: minute } });
    const schedule = { at: new Date(context.clock.now() - minute) };
    expect.match(await context.state.reschedule({ tx: undefined, chainIds: [chainId], schedule }), [
      { outcome: "rescheduled", job: { status: "ready" } },
    ]);
    expect.match(await jobOf(context, chainId), {
      status: "ready",
      readyAt: new Date(context.clock.now()),
    });
    expect.match(await actor.claimOne("work"), { chainId });
  }),

  defineCase(
    "P8: a blocked job stays blocked, and its new time holds once it is released",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startOne(context, { type: "item" });
      const chainId = await startOne(context, { blockers: waitFor(blocker) });
      expect.match(
        await context.state.reschedule({
          tx: undefined,
          chainIds: [chainId],
          schedule: { delayMs: minute },
        }),
        [{ outcome: "rescheduled", job: { status: "blocked" } }],
      );
      expect.match(await runOne(actor, "item"), {
        effects: { unblocked: [{ chainId, status: "scheduled" }] },
      });
      context.clock.advance(minute);
      await context.state.promote({ limit: 10 });
      expect.match(await actor.claimOne("work"), { chainId });
    },
  ),

  defineCase(
    "P8: running and closed jobs are not rescheduled, unknown ones not found, and they are left alone",
    async (context, expect) => {
      const others = await startOthers(context);
      const chainIds = [
        others.missing,
        others.running,
        ...others.closed,
        others.ready,
        others.blocked,
      ];
      const keys = [others.running, ...others.closed].map((chainId) => ({
        chainId,
        chainIndex: 0,
      }));
      const before = await context.state.getJobs({ tx: undefined, keys });
      const results = await context.state.reschedule({
        tx: undefined,
        chainIds,
        schedule: { delayMs: minute },
      });
      expect.equal(
        results.map((result) => [result.chainId, result.outcome]),
        [
          [others.missing, "notFound"],
          ...[others.running, ...others.closed].map((chainId) => [chainId, "notReschedulable"]),
          [others.ready, "rescheduled"],
          [others.blocked, "rescheduled"],
        ],
      );
      expect.equal(await context.state.getJobs({ tx: undefined, keys }), before);
      expect.equal(
        await context.state.reschedule({ tx: undefined, chainIds: [], schedule: { delayMs: 1 } }),
        [],
      );
    },
  ),

  defineCase(
    "P1: a reschedule that rolls back leaves the time as it was",
    async (context, expect) => {
      const chainId = await startOne(context, { schedule: { delayMs: minute } });
      const before = await jobOf(context, chainId);
      await rollBack(context.state, async (tx) =>
        context.state.reschedule({ tx, chainIds: [chainId], schedule: { delayMs: 0 } }),
      );
      expect.equal(await jobOf(context, chainId), before);
    },
  ),
];
