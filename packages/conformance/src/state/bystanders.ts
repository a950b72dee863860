import type { JobKey } from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { attemptKey, createActor, leaseMs, startAndClaim, type Actor } from "../support/actor.ts";
import {
  completed,
  continued,
  failed,
  released,
  rescheduled,
  retried,
  startOne,
  waitFor,
} from "../support/jobs.ts";

const minute = 60_000;

/** Chains in every state, with everything that a chain can have. No operation on another chain may touch them. */
async function startBystanders(context: StateContext): Promise<() => Promise<unknown>> {
  const actor = await createActor(context, { leaseMs: 100 * leaseMs, name: "bystander" });
  const start = async (name: string): Promise<JobKey & { readonly claimNo: number }> =>
    startAndClaim(context, actor, {
      type: `bystander.${name}`,
      input: `"${name}"`,
      traceContext: `"${name}"`,
      labels: { bystander: name },
      deduplication: { key: name, scope: "any", windowMs: undefined, onDuplicate: "keep" },
    });
  const outcomes = {
    completed: completed('"completed"'),
    failed: failed('"failed"'),
    retried: retried(10 * leaseMs, '"retried"'),
    continued: continued({ type: "bystander.next" }),
  };
  const jobs = [];
  for (const [name, outcome] of Object.entries(outcomes)) {
    const job = await start(name);
    await actor.settle(job, outcome);
    jobs.push(job);
  }
  const [running, stopped] = [await start("running"), await start("stopped")];
  await actor.renew({
    leaseMs: 100 * leaseMs,
    held: [attemptKey(running), attemptKey(stopped)],
    progress: [{ ...attemptKey(running), value: '"progress"' }],
  });
  await context.state.cancel({
    tx: undefined,
    chainIds: [stopped.chainId],
    reason: '"stopped"',
    cascade: false,
  });
  const blocked = await startOne(context, {
    type: "bystander.blocked",
    blockers: waitFor(running.chainId),
  });
  const chainIds = [...jobs, running, stopped].map((job) => job.chainId).concat(blocked);
  const keys = [
    ...chainIds.map((chainId) => ({ chainId, chainIndex: 0 })),
    { chainId: jobs[3]!.chainId, chainIndex: 1 },
  ];
  return async () => ({
    chains: await context.state.getChains({ tx: undefined, chainIds }),
    jobs: await context.state.getJobs({ tx: undefined, keys }),
    attempts: await Promise.all(keys.map(async (key) => context.state.listAttempts({ key }))),
    graph: await context.state.chainGraph({ chainId: blocked, depth: 3, limit: 100 }),
    workers: (await context.state.listWorkers({ limit: 100 })).filter(
      (worker) => worker.name === "bystander",
    ),
  });
}

type Act = (context: StateContext, actor: Actor) => Promise<unknown>;

function settling(outcome: Parameters<Actor["settle"]>[1]): Act {
  return async (context, actor) => actor.settle(await startAndClaim(context, actor), outcome);
}

const acts: Readonly<Record<string, Act>> = {
  start: async (context) => startOne(context, { labels: { bystander: "no" } }),
  "start with a key that is replaced": async (context) => {
    const deduplication = {
      key: "completed",
      scope: "open",
      windowMs: undefined,
      onDuplicate: "debounce",
    } as const;
    await startOne(context, { deduplication });
    await startOne(context, { deduplication, input: '"new"', schedule: { delayMs: minute } });
  },
  complete: settling(completed('"out"')),
  continue: settling(continued({ type: "next" })),
  "continue, sticky": settling(continued({ type: "next" }, { isSticky: true })),
  retry: settling(retried(minute)),
  "retry at once": settling(retried(0)),
  "reschedule an attempt": settling(rescheduled(minute)),
  fail: settling(failed()),
  release: settling(released),
  "release a dependant": async (context, actor) => {
    const job = await startAndClaim(context, actor, { type: "item" });
    await startOne(context, { blockers: waitFor(job.chainId) });
    await actor.settle(job, completed());
  },
  "note a start and progress": async (context, actor) => {
    await startOne(context);
    const held = (await actor.claim("work", { slots: 0, ahead: 1 })).map(attemptKey);
    await actor.renew({ held, started: held, progress: [{ ...held[0]!, value: "1" }] });
  },
  "give back what a worker does not know": async (context, actor) => {
    await startAndClaim(context, actor);
    await actor.renew({ held: [] });
  },
  "remove a worker": async (context, actor) => {
    await startAndClaim(context, actor);
    await context.state.removeWorker({ workerId: actor.workerId });
  },
  reap: async (context, actor) => {
    await startAndClaim(context, actor);
    await startAndClaim(context, actor, { type: "item" });
    await startOne(context, { type: "held" });
    await actor.claim("held", { slots: 0, ahead: 1 });
    context.clock.advance(leaseMs + 1);
    const attemptLimits = ["work", "held"].map((type) => ({
      type,
      attemptCountMax: 25,
      error: '"lost"',
    }));
    await context.state.reap({
      limit: 100,
      attemptLimits: [...attemptLimits, { type: "item", attemptCountMax: 1, error: '"used up"' }],
    });
  },
  promote: async (context) => {
    await startOne(context, { schedule: { delayMs: minute } });
    context.clock.advance(minute);
    await context.state.promote({ limit: 100 });
  },
  "complete by hand": async (context) => {
    const items = [
      { chainId: await startOne(context), type: "work", outcome: completed() },
      { chainId: await startOne(context), type: "work", outcome: continued({ type: "next" }) },
    ];
    await context.state.completeChains({ tx: undefined, items });
  },
  "cancel with those that wait": async (context) => {
    const chainId = await startOne(context);
    await startOne(context, { blockers: waitFor(chainId) });
    await context.state.cancel({
      tx: undefined,
      chainIds: [chainId],
      reason: '"no"',
      cascade: true,
    });
  },
  redrive: async (context, actor) => {
    const job = await startAndClaim(context, actor);
    await actor.settle(job, failed());
    await context.state.redrive({ tx: undefined, chainIds: [job.chainId] });
  },
  trigger: async (context) => {
    const chainIds = [await startOne(context, { schedule: { delayMs: minute } })];
    await context.state.trigger({ tx: undefined, chainIds });
  },
  reschedule: async (context) => {
    const chainIds = [await startOne(context)];
    await context.state.reschedule({ tx: undefined, chainIds, schedule: { delayMs: minute } });
  },
  "delete with those that wait": async (context, actor) => {
    const job = await startAndClaim(context, actor, { labels: { bystander: "running" } });
    await startOne(context, { blockers: waitFor(job.chainId) });
    await actor.settle(job, retried(0));
    await context.state.deleteChains({ tx: undefined, chainIds: [job.chainId], cascade: true });
  },
  "pause and resume": async (context) => {
    await context.state.setTypesPaused({ tx: undefined, types: ["work"], isPaused: true });
    await context.state.setTypesPaused({ tx: undefined, types: ["work"], isPaused: false });
  },
};

export const bystanderCases: readonly ConformanceCase<StateContext>[] = Object.entries(acts).map(
  ([name, act]) =>
    defineCase(
      `P4: other chains and workers stay as they are: ${name}`,
      async (context, expect) => {
        const read = await startBystanders(context);
        const before = await read();
        await act(context, await createActor(context));
        expect.equal(await read(), before);
      },
    ),
);
