import type {
  Deduplication,
  NewChain,
  Outcome,
  RetentionRules,
  RetireResult,
  StateAdapter,
} from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import { ConformanceFailure } from "../expect.ts";
import type { StateContext } from "../state-context.ts";
import { createActor, runOne, startAndClaim, type Actor } from "../support/actor.ts";
import { holdTransaction, letOthersRun } from "../support/held-transaction.ts";
import {
  chainOf,
  completed,
  continued,
  failed,
  isThere,
  jobOf,
  newChain,
  retried,
  start,
  startOne,
  startSeveral,
  waitFor,
} from "../support/jobs.ts";

const minute = 60_000;
const hour = 60 * minute;

/** Keeps nothing that is closed. */
const nothing: RetentionRules = {
  completed: { maxCount: 0 },
  failed: { maxCount: 0 },
  cancelled: { maxCount: 0 },
};

/** Retires until nothing is left to retire, and returns the ids in the order of retirement. */
async function retireAll(
  state: StateAdapter,
  rules: RetentionRules,
  limit = 1_000,
): Promise<readonly string[]> {
  const chainIds: string[] = [];
  for (;;) {
    const onWalk = await walkThrough(state, rules, limit);
    // What one walk deletes may set free what it has passed.
    if (onWalk.length === 0) return chainIds;
    chainIds.push(...onWalk);
  }
}

/** Calls until there is no more, and returns the ids of what was retired. */
async function walkThrough(
  state: StateAdapter,
  rules: RetentionRules,
  limit: number,
): Promise<readonly string[]> {
  const chainIds: string[] = [];
  for (let round = 0; round < 1_000; round++) {
    const { retired, isMore } = await state.retireChains({ rules, limit });
    chainIds.push(...retired.map((chain) => chain.chainId));
    if (!isMore) return chainIds;
  }
  throw new ConformanceFailure("retireChains answered isMore 1,000 times");
}

/** Starts a chain, and closes it by one attempt. */
async function startAndClose(
  context: StateContext,
  actor: Actor,
  outcome: Outcome = completed(),
  fields: Partial<NewChain> = {},
): Promise<string> {
  const job = await startAndClaim(context, actor, fields);
  await actor.settle(job, outcome);
  return job.chainId;
}

async function cancel(context: StateContext, chainId: string): Promise<void> {
  await context.state.cancel({
    tx: undefined,
    chainIds: [chainId],
    reason: undefined,
    cascade: false,
  });
}

function keyed(windowMs: number | undefined): Deduplication {
  return { key: "k", scope: "any", windowMs, onDuplicate: "keep" };
}

async function startAndCancel(context: StateContext): Promise<string> {
  const chainId = await startOne(context);
  await cancel(context, chainId);
  return chainId;
}

async function listIds(state: StateAdapter): Promise<readonly string[]> {
  const chains = await state.listChains({
    filter: {},
    order: "oldest",
    after: undefined,
    limit: 10_000,
  });
  return chains.map((chain) => chain.chainId);
}

export const retireChainsCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "P8: a chain is retired when it has been closed for its status's age, by the database's clock, and not before",
    async (context, expect) => {
      const actor = await createActor(context);
      const rules = { completed: { maxAgeMs: hour } };
      const old = await startAndClose(context, actor);
      context.clock.advance(1);
      const young = await startAndClose(context, actor);
      context.clock.advance(hour - 2);
      expect.equal(await retireAll(context.state, rules), []);
      context.clock.advance(1);
      expect.match(await context.state.retireChains({ rules, limit: 10 }), {
        retired: [{ chainId: old, chainType: "work", status: "completed" }],
      });
      expect.equal(await listIds(context.state), [young]);
      context.clock.advance(1);
      expect.equal(await retireAll(context.state, rules), [young]);
    },
  ),

  defineCase(
    "P8: age is the time since a chain closed, however long ago it was started",
    async (context, expect) => {
      const actor = await createActor(context, { leaseMs: 10 * hour });
      const long = await startAndClaim(context, actor);
      context.clock.advance(2 * hour);
      await actor.settle(long, completed());
      context.clock.advance(hour - 1);
      expect.equal(await retireAll(context.state, { completed: { maxAgeMs: hour } }), []);
      context.clock.advance(1);
      expect.equal(await retireAll(context.state, { completed: { maxAgeMs: hour } }), [
        long.chainId,
      ]);
    },
  ),

  defineCase(
    "P8: an id from a client whose clock runs ahead keeps its chain until the database's clock has come as far",
    async (context, expect) => {
      const actor = await createActor(context, { leaseMs: 10 * hour });
      context.clock.advance(10 * minute);
      const chainId = context.newChainId();
      context.clock.advance(-10 * minute);
      await startAndClose(context, actor, completed(), { chainId });
      const rules = { completed: { maxAgeMs: hour } };
      context.clock.advance(hour);
      expect.equal(await retireAll(context.state, rules), []);
      context.clock.advance(10 * minute);
      expect.equal(await retireAll(context.state, rules), [chainId]);
    },
  ),

  defineCase(
    "P4: of each status that has a count the newest chains are kept, by the order of their ids",
    async (context, expect) => {
      const actor = await createActor(context);
      const jobs = [];
      for (let index = 0; index < 5; index++) jobs.push(await startAndClaim(context, actor));
      // Closed in another order than started.
      for (const place of [4, 0, 2, 1, 3]) {
        context.clock.advance(minute);
        await actor.settle(jobs[place]!, completed());
      }
      const chainIds = jobs.map((job) => job.chainId);
      expect.equal(await retireAll(context.state, { completed: { maxCount: 5 } }), []);
      expect.equal(
        await retireAll(context.state, { completed: { maxCount: 2 } }),
        chainIds.slice(0, 3),
      );
      expect.equal(await listIds(context.state), chainIds.slice(3));
      expect.equal(
        await retireAll(context.state, { completed: { maxCount: 0 } }),
        chainIds.slice(3),
      );
    },
  ),

  defineCase(
    "P4: with an age and a count, a chain that misses either goes",
    async (context, expect) => {
      const actor = await createActor(context);
      const chainIds = [];
      for (let index = 0; index < 5; index++) {
        chainIds.push(await startAndClose(context, actor));
        context.clock.advance(minute);
      }
      const byCount = { maxCount: 3, maxAgeMs: hour };
      expect.equal(await retireAll(context.state, { completed: byCount }), chainIds.slice(0, 2));
      const byAge = { maxCount: 3, maxAgeMs: 2 * minute };
      expect.equal(await retireAll(context.state, { completed: byAge }), chainIds.slice(2, 4));
      expect.equal(await listIds(context.state), chainIds.slice(4));
    },
  ),

  defineCase(
    "P4: each status has its own rule, and chains of a status without one are kept",
    async (context, expect) => {
      const actor = await createActor(context);
      const done = await startAndClose(context, actor);
      const dead = await startAndClose(context, actor, failed());
      const stopped = await startAndCancel(context);
      context.clock.advance(hour);
      expect.equal(await retireAll(context.state, {}), []);
      expect.equal(
        await retireAll(context.state, {
          completed: {},
          failed: { maxCount: 1, maxAgeMs: undefined },
        }),
        [],
      );
      expect.match(
        await context.state.retireChains({ rules: { failed: { maxAgeMs: 0 } }, limit: 10 }),
        {
          retired: [{ chainId: dead, chainType: "work", status: "failed" }],
        },
      );
      expect.match(
        await context.state.retireChains({ rules: { cancelled: { maxCount: 0 } }, limit: 10 }),
        { retired: [{ chainId: stopped, chainType: "work", status: "cancelled" }] },
      );
      expect.equal(await listIds(context.state), [done]);
    },
  ),

  defineCase(
    "P4: a chain that is open is never touched, wherever its job stands and whatever came before it",
    async (context, expect) => {
      const actor = await createActor(context, { leaseMs: 10 * hour });
      const running = await startAndClaim(context, actor);
      const next = await startAndClaim(context, actor);
      await actor.settle(next, continued({ type: "next" }));
      const tried = await startAndClaim(context, actor);
      await actor.settle(tried, retried(10 * hour));
      const redriven = await startAndClose(context, actor, failed());
      await context.state.redrive({ tx: undefined, chainIds: [redriven] });
      await startOne(context);
      await startOne(context, { schedule: { delayMs: 10 * hour } });
      await startOne(context, { blockers: waitFor(running.chainId) });
      context.clock.advance(hour);
      const before = await listIds(context.state);
      expect.equal(before.length, 7);
      expect.equal(await retireAll(context.state, nothing), []);
      expect.equal(await listIds(context.state), before);
      expect.match(await actor.settle(running, completed()), { kind: "settled" });
    },
  ),

  defineCase(
    "P8: a chain that was redriven and closed again begins a new age",
    async (context, expect) => {
      const actor = await createActor(context, { leaseMs: 10 * hour });
      const chainId = await startAndClose(context, actor, failed());
      context.clock.advance(hour);
      await context.state.redrive({ tx: undefined, chainIds: [chainId] });
      await actor.settle(await actor.claimOne("work"), failed());
      expect.equal(await retireAll(context.state, { failed: { maxAgeMs: hour } }), []);
      context.clock.advance(hour);
      expect.equal(await retireAll(context.state, { failed: { maxAgeMs: hour } }), [chainId]);
    },
  ),

  defineCase("P4: a chain is retired with all that belongs to it", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor, {
      deduplication: keyed(undefined),
      labels: { order: "1" },
    });
    await actor.settle(job, retried(0));
    await actor.settle(await actor.claimOne("work"), continued({ type: "next" }));
    await runOne(actor, "next");
    const { chainId } = job;
    expect.equal(await retireAll(context.state, nothing), [chainId]);
    expect.equal(
      await context.state.getJobs({ tx: undefined, keys: [job, { chainId, chainIndex: 1 }] }),
      [undefined, undefined],
    );
    expect.equal(await context.state.listAttempts({ key: job }), []);
    expect.equal(
      await context.state.countChains({ filter: { label: { key: "order", value: "1" } }, cap: 10 }),
      0,
    );
    expect.match(await start(context, [newChain(context, { chainId })]), [{ outcome: "created" }]);
    expect.match(await chainOf(context, chainId), { labels: {}, last: { chainIndex: 0 } });
  }),

  defineCase(
    "P4 B7b: a retired chain counts down the dependents of the chains that its jobs waited for",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startOne(context, { type: "item" });
      const gone = await startOne(context, { blockers: waitFor(blocker) });
      await runOne(actor, "item");
      await runOne(actor, "work");
      await actor.settle(await startAndClaim(context, actor), failed());
      const rules = { completed: { maxCount: 0 } };
      // A failed chain holds the blocker back, so that it can be looked at.
      const holder = await startAndClaim(context, actor, { blockers: waitFor(blocker) });
      await actor.settle(holder, failed());
      expect.match(await jobOf(context, blocker), { dependents: 2 });
      expect.equal(await retireAll(context.state, rules), [gone]);
      expect.match(await jobOf(context, blocker), { dependents: 1 });
    },
  ),

  defineCase(
    "P4: a closed chain stays while a job that may still run names it, and goes when that job is over",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startAndClose(context, actor, completed('"rate"'), { type: "item" });
      const open = await startOne(context, { type: "item" });
      const waiting = await startOne(context, { blockers: waitFor(blocker, open) });
      const check = async (when: string): Promise<void> => {
        expect.equal(await retireAll(context.state, nothing), [], when);
        expect.ok(await isThere(context.state, blocker), `the blocker is gone ${when}`);
      };
      await check("while the job is blocked");
      await runOne(actor, "item");
      await check("while the job is ready");
      const job = await actor.claimOne("work");
      expect.match(job.blockers, [{ chainId: blocker, output: '"rate"' }, { chainId: open }]);
      await check("while the job runs");
      await actor.settle(job, { kind: "rescheduled", schedule: { delayMs: minute } });
      await check("while the job is scheduled");
      await cancel(context, waiting);
      expect.sameMembers(await retireAll(context.state, nothing), [blocker, open, waiting]);
    },
  ),

  defineCase(
    "P4: what a failed chain waited for stays as long as it may be redriven",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startAndClose(context, actor, completed('"rate"'), { type: "item" });
      const chainId = await startAndClose(context, actor, failed(), { blockers: waitFor(blocker) });
      expect.equal(await retireAll(context.state, { completed: { maxCount: 0 } }), []);
      await context.state.redrive({ tx: undefined, chainIds: [chainId] });
      const job = await actor.claimOne("work");
      expect.match(job.blockers, [{ chainId: blocker, output: '"rate"' }]);
      await actor.settle(job, failed());
      expect.sameMembers(await retireAll(context.state, nothing), [blocker, chainId]);
    },
  ),

  defineCase(
    "P4: a failed chain that others wait for stays, and may still release them",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startAndClose(context, actor, failed(), { type: "item" });
      const chainId = await startOne(context, { blockers: waitFor(blocker) });
      expect.equal(await retireAll(context.state, nothing), []);
      await context.state.redrive({ tx: undefined, chainIds: [blocker] });
      expect.match(await runOne(actor, "item"), { effects: { unblocked: [{ chainId }] } });
    },
  ),

  defineCase(
    "P4 B7b: a job that is over holds nothing back, and no longer names a chain that is gone",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startAndClose(context, actor, completed(), { type: "item" });
      const job = await startAndClaim(context, actor, { blockers: waitFor(blocker) });
      // The chain goes on: only its first job is over.
      await actor.settle(job, continued({ type: "next" }));
      expect.equal(await retireAll(context.state, nothing), [blocker]);
      const graph = await context.state.chainGraph({ chainId: job.chainId, depth: 3, limit: 10 });
      expect.match(graph, { chains: [{ chainId: job.chainId }], edges: [] });
      // A chain that takes the id has dependents of its own alone, and releases them.
      await startOne(context, { chainId: blocker, type: "item" });
      const dependant = await startOne(context, { blockers: waitFor(blocker) });
      expect.match(await jobOf(context, blocker), { dependents: 1 });
      await context.state.deleteChains({ tx: undefined, chainIds: [job.chainId], cascade: false });
      expect.match(await jobOf(context, blocker), { dependents: 1 });
      expect.match(await runOne(actor, "item"), {
        effects: { unblocked: [{ chainId: dependant }] },
      });
    },
  ),

  defineCase(
    "P4: a line of chains that each wait for the one before is retired from its old end, a batch at a time",
    async (context, expect) => {
      const actor = await createActor(context);
      const chainIds: string[] = [];
      for (let index = 0; index < 12; index++) {
        const previous = chainIds.at(-1);
        const blockers = previous === undefined ? [] : waitFor(previous);
        chainIds.push(await startAndClose(context, actor, completed(), { blockers }));
      }
      const next = await startOne(context, { blockers: waitFor(chainIds.at(-1)!) });
      expect.equal(await retireAll(context.state, nothing, 5), chainIds.slice(0, -1));
      expect.equal(await listIds(context.state), [chainIds.at(-1), next]);
    },
  ),

  defineCase(
    "P4: a chain stays until the window of its deduplication key is over, and deduplicates so long",
    async (context, expect) => {
      const actor = await createActor(context, { leaseMs: 10 * hour });
      for (const outcome of [completed(), failed()]) {
        const deduplication = { ...keyed(hour), key: outcome.kind };
        const chainId = await startAndClose(context, actor, outcome, { deduplication });
        context.clock.advance(hour - 1);
        expect.equal(await retireAll(context.state, nothing), []);
        expect.match(await start(context, [newChain(context, { deduplication })]), [
          { chainId, outcome: "kept" },
        ]);
        context.clock.advance(1);
        expect.equal(await retireAll(context.state, nothing), [chainId]);
        const [started] = await start(context, [newChain(context, { deduplication })]);
        expect.match(started, { outcome: "created" });
        const chainIds = [started!.chainId];
        await context.state.deleteChains({ tx: undefined, chainIds, cascade: false });
      }
    },
  ),

  defineCase(
    "P4: a deduplication key without a window lasts as long as its chain, and goes with it",
    async (context, expect) => {
      const actor = await createActor(context);
      const deduplication = keyed(undefined);
      const chainId = await startAndClose(context, actor, completed(), { deduplication });
      expect.match(await start(context, [newChain(context, { deduplication })]), [
        { chainId, outcome: "kept" },
      ]);
      expect.equal(await retireAll(context.state, nothing), [chainId]);
      const [started] = await start(context, [newChain(context, { deduplication })]);
      expect.match(started, { outcome: "created" });
      expect.match(await start(context, [newChain(context, { deduplication })]), [
        { chainId: started!.chainId, outcome: "kept" },
      ]);
    },
  ),

  defineCase(
    "P4: retiring a chain leaves a key that another chain has taken over",
    async (context, expect) => {
      const actor = await createActor(context);
      const deduplication = { ...keyed(undefined), scope: "open" } as const;
      const dead = await startAndClose(context, actor, failed(), { deduplication });
      const heir = await startOne(context, { deduplication });
      expect.equal(await retireAll(context.state, nothing), [dead]);
      expect.match(await start(context, [newChain(context, { deduplication })]), [
        { chainId: heir, outcome: "kept" },
      ]);
    },
  ),

  defineCase(
    "P4: a chain that is held back is one of the newest that are kept",
    async (context, expect) => {
      const actor = await createActor(context);
      const old = await startAndClose(context, actor, completed(), { type: "item" });
      const blocker = await startAndClose(context, actor, completed(), { type: "item" });
      await startOne(context, { blockers: waitFor(blocker) });
      expect.equal(await retireAll(context.state, { completed: { maxCount: 1 } }), [old]);
      const newest = await startAndClose(context, actor, completed(), { type: "item" });
      expect.equal(await retireAll(context.state, { completed: { maxCount: 1 } }), []);
      expect.match(await chainOf(context, newest), { status: "completed" });
    },
  ),

  defineCase(
    "P4: a call retires the oldest chains of all statuses together, no more than its limit, and says that more are due",
    async (context, expect) => {
      const actor = await createActor(context);
      const chainIds = [];
      for (let index = 0; index < 7; index++) {
        chainIds.push(
          index === 3
            ? await startAndCancel(context)
            : await startAndClose(context, actor, index % 2 === 0 ? completed() : failed()),
        );
      }
      const batches: RetireResult[] = [];
      while (batches.length < 1_000 && batches.at(-1)?.isMore !== false)
        batches.push(await context.state.retireChains({ rules: nothing, limit: 3 }));
      expect.equal(
        batches.flatMap(({ retired }) => retired.map((chain) => chain.chainId)),
        chainIds,
      );
      expect.ok(
        batches.every(({ retired }) => retired.length <= 3),
        "a call went beyond its limit",
      );
      expect.equal(await retireAll(context.state, nothing), []);
    },
  ),

  defineCase(
    "P4: many chains that are held back do not hide the one behind them that can go",
    async (context, expect) => {
      const held = await startSeveral(context, 1_200, { type: "item" });
      const waiting = await startOne(context, { blockers: waitFor(...held) });
      const free = await startOne(context, { type: "item" });
      const items = [...held, free].map((chainId) => ({
        chainId,
        type: "item",
        outcome: completed(),
      }));
      await context.state.completeChains({ tx: undefined, items });
      expect.equal(await retireAll(context.state, nothing), [free]);
      expect.equal(await retireAll(context.state, nothing), []);
      await cancel(context, waiting);
      expect.sameMembers(await retireAll(context.state, nothing, 500), [...held, waiting]);
    },
  ),

  defineCase("P4: 1,000 chains are retired by batches of 100", async (context, expect) => {
    const chainIds = await startSeveral(context, 1_000, { labels: { batch: "1" } });
    await context.state.cancel({ tx: undefined, chainIds, reason: undefined, cascade: false });
    expect.equal(
      await retireAll(context.state, { cancelled: { maxCount: 10 } }, 100),
      chainIds.slice(0, 990),
    );
    expect.equal(await listIds(context.state), chainIds.slice(990));
  }),

  defineCase(
    "P9: chains of another installation in the same database are neither retired nor counted",
    async (context, expect) => {
      const sibling = await context.openSibling();
      const rules = { cancelled: { maxCount: 1, maxAgeMs: hour } };
      const [mine, theirs] = [await startAndCancel(context), newChain(context)];
      await sibling.startChains({ tx: undefined, chains: [theirs] });
      await sibling.cancel({
        tx: undefined,
        chainIds: [theirs.chainId],
        reason: undefined,
        cascade: false,
      });
      expect.equal(await retireAll(context.state, rules), []);
      expect.equal(await retireAll(context.state, nothing), [mine]);
      expect.equal(await listIds(sibling), [theirs.chainId]);
    },
  ),

  defineCase(
    "C1: four callers at once retire each chain once, and every chain",
    async (context, expect) => {
      const sessions = await Promise.all(
        Array.from({ length: 4 }, async () => context.openSession()),
      );
      const chainIds = await startSeveral(context, 200);
      await context.state.cancel({ tx: undefined, chainIds, reason: undefined, cascade: false });
      const retired = await Promise.all(
        sessions.map(async (state) => retireAll(state, nothing, 10)),
      );
      expect.sameMembers(
        [...retired.flat(), ...(await retireAll(context.state, nothing))],
        chainIds,
      );
      expect.equal(await listIds(context.state), []);
    },
  ),

  defineCase(
    "C2 B7: a chain is retired while another that names it starts: one of them is refused, never a dangling edge",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context);
      for (let round = 0; round < 10; round++) {
        const blocker = await startAndClose(context, actor, completed(), { type: "item" });
        const chain = newChain(context, { blockers: waitFor(blocker) });
        const begin = async (): Promise<string> =>
          start(context, [chain], other).then(
            () => "started",
            (error: { readonly code: string }) => error.code,
          );
        const retire = async (): Promise<string> =>
          (await retireAll(context.state, nothing)).includes(blocker) ? "retired" : "kept";
        const outcomes = await Promise.all(
          round % 2 === 0 ? [begin(), retire()] : [retire(), begin()],
        );
        expect.oneOf(outcomes.toSorted(), [
          ["kept", "started"],
          ["BLOCKER_UNUSABLE", "retired"],
        ]);
        expect.equal(await isThere(context.state, blocker), outcomes.includes("started"));
      }
    },
  ),

  defineCase(
    "C1: a chain is retired while it is redriven: it is open again, or it is gone",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context);
      for (let round = 0; round < 10; round++) {
        const chainId = await startAndClose(context, actor, failed());
        const redrive = async (): Promise<string> =>
          (await other.redrive({ tx: undefined, chainIds: [chainId] }))[0]!.outcome;
        const retire = async (): Promise<string> =>
          (await retireAll(context.state, nothing)).length === 0 ? "kept" : "retired";
        const outcomes = await Promise.all(
          round % 2 === 0 ? [redrive(), retire()] : [retire(), redrive()],
        );
        expect.oneOf(outcomes.toSorted(), [
          ["kept", "redriven"],
          ["notFound", "retired"],
        ]);
        await context.state.deleteChains({ tx: undefined, chainIds: [chainId], cascade: false });
      }
    },
  ),

  defineCase(
    "P1: a redrive that rolls back leaves a chain that can be retired",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context);
      const [dead, free] = [
        await startAndClose(context, actor, failed()),
        await startAndClose(context, actor, failed()),
      ];
      const held = await holdTransaction(context.state);
      await context.state.redrive({ tx: held.tx, chainIds: [dead] });
      const retiring = retireAll(other, nothing);
      await letOthersRun();
      await held.rollback();
      expect.sameMembers([...(await retiring), ...(await retireAll(other, nothing))], [dead, free]);
    },
  ),

  defineCase(
    "P3: a retirement does not wait for a user's transaction: what that one holds is left, the rest is retired",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context);
      const named = await startAndClose(context, actor, completed(), { type: "item" });
      const dead = await startAndClose(context, actor, failed());
      const free = await startAndClose(context, actor);
      const held = await holdTransaction(context.state);
      await context.state.redrive({ tx: held.tx, chainIds: [dead] });
      await context.state.startChains({
        tx: held.tx,
        chains: [newChain(context, { type: "later", blockers: waitFor(named) })],
      });
      expect.equal(await retireAll(other, nothing), [free]);
      await held.rollback();
      expect.sameMembers(await retireAll(other, nothing), [named, dead]);
    },
    { needs: "concurrentWriters" },
  ),
];
