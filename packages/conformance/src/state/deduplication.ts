import type { ClaimedJob, Deduplication, NewChain, StartResult } from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { createActor, startAndClaim, type Actor } from "../support/actor.ts";
import { holdTransaction, letOthersRun, rollBack } from "../support/held-transaction.ts";
import {
  chainOf,
  completed,
  continued,
  failed,
  isThere,
  jobOf,
  newChain,
  released,
  rescheduled,
  start,
  startOne,
  waitFor,
} from "../support/jobs.ts";

const minute = 60_000;

function keyed(fields: Partial<Deduplication> = {}): Deduplication {
  return { key: "order-1", scope: "open", windowMs: undefined, onDuplicate: "keep", ...fields };
}

async function startKeyed(
  context: StateContext,
  deduplication: Deduplication,
  fields: Partial<NewChain> = {},
): Promise<StartResult> {
  const [result] = await start(context, [newChain(context, { deduplication, ...fields })]);
  return result!;
}

export const deduplicationCases: readonly ConformanceCase<StateContext>[] = [
  defineCase("P1: a key keeps the chain that is open, as it is", async (context, expect) => {
    const first = await startKeyed(context, keyed(), { input: "1", priority: 5 });
    expect.match(first, { outcome: "created" });
    const before = await jobOf(context, first.chainId);
    expect.equal(
      await startKeyed(context, keyed(), {
        input: "2",
        priority: 0,
        schedule: { delayMs: minute },
        labels: { x: "y" },
      }),
      { chainId: first.chainId, outcome: "kept", jobStatus: "ready" },
    );
    expect.equal(await jobOf(context, first.chainId), before);
    expect.equal(await context.state.countChains({ filter: {}, cap: 10 }), 1);
  }),

  defineCase("P1: a key belongs to its job type", async (context, expect) => {
    await startKeyed(context, keyed(), { type: "a" });
    expect.match(await startKeyed(context, keyed(), { type: "b" }), { outcome: "created" });
    expect.match(await startKeyed(context, keyed({ key: "order-2" }), { type: "a" }), {
      outcome: "created",
    });
    expect.equal(await context.state.countChains({ filter: {}, cap: 10 }), 3);
  }),

  defineCase("P1: keys compare byte for byte", async (context, expect) => {
    for (const key of ["k", "K", "k ", " k", "k\u0301", "é", "e\u0301", "%", "_", "'", "\\"]) {
      expect.match(
        await startKeyed(context, keyed({ key })),
        { outcome: "created" },
        JSON.stringify(key),
      );
    }
  }),

  defineCase("P1: two items with one key make one chain", async (context, expect) => {
    const chains = [
      newChain(context, { deduplication: keyed() }),
      newChain(context, { deduplication: keyed() }),
    ];
    const results = await start(context, chains);
    expect.equal(results, [
      { chainId: chains[0]!.chainId, outcome: "created", jobStatus: "ready" },
      { chainId: chains[0]!.chainId, outcome: "kept", jobStatus: "ready" },
    ]);
  }),

  defineCase("P1: the id is looked at before the key", async (context, expect) => {
    const first = await startKeyed(context, keyed());
    const other = await startOne(context);
    const [result] = await start(context, [
      newChain(context, { chainId: other, deduplication: keyed() }),
    ]);
    expect.match(result, { chainId: other, outcome: "sameId" });
    expect.match(await startKeyed(context, keyed()), { chainId: first.chainId, outcome: "kept" });
  }),

  defineCase(
    "P1: a kept start registers no blockers, and does not ask whether they exist",
    async (context, expect) => {
      const first = await startKeyed(context, keyed());
      const blocker = await startOne(context, { type: "item" });
      expect.match(
        await startKeyed(context, keyed(), { blockers: waitFor(blocker, context.newChainId()) }),
        { outcome: "kept" },
      );
      expect.match(await jobOf(context, blocker), { dependents: 0 });
      expect.match(await jobOf(context, first.chainId), { openBlockers: 0, status: "ready" });
    },
  ),

  defineCase(
    "P1: a key of scope open is free once its chain has completed",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { deduplication: keyed() });
      await actor.settle(job, completed());
      expect.match(await startKeyed(context, keyed()), { outcome: "created" });
    },
  ),

  defineCase(
    "P1: a key of scope open names its chain as long as it goes on, through continuations",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { deduplication: keyed() });
      await actor.settle(job, continued({ type: "next" }));
      expect.equal(await startKeyed(context, keyed()), {
        chainId: job.chainId,
        outcome: "kept",
        jobStatus: "continued",
      });
      await actor.settle(await actor.claimOne("next"), completed());
      expect.match(await startKeyed(context, keyed()), { outcome: "created" });
    },
  ),

  defineCase(
    "P1: a key of scope open is free once its chain was cancelled",
    async (context, expect) => {
      const first = await startKeyed(context, keyed());
      await context.state.cancel({
        tx: undefined,
        chainIds: [first.chainId],
        reason: undefined,
        cascade: false,
      });
      expect.match(await startKeyed(context, keyed()), { outcome: "created" });
    },
  ),

  defineCase(
    "P1: a key of scope open is free once its chain was completed without a worker",
    async (context, expect) => {
      const first = await startKeyed(context, keyed());
      await context.state.completeChains({
        tx: undefined,
        items: [{ chainId: first.chainId, type: "work", outcome: completed() }],
      });
      expect.match(await startKeyed(context, keyed()), { outcome: "created" });
    },
  ),

  defineCase(
    "P1: a key of scope open is forgotten at the close, also for a start that looks at closed chains",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { deduplication: keyed({ scope: "open" }) });
      await actor.settle(job, completed());
      expect.match(await startKeyed(context, keyed({ scope: "any" })), { outcome: "created" });
      const second = await startKeyed(context, keyed({ key: "second", scope: "open" }));
      await context.state.cancel({
        tx: undefined,
        chainIds: [second.chainId],
        reason: undefined,
        cascade: false,
      });
      expect.match(await startKeyed(context, keyed({ key: "second", scope: "any" })), {
        outcome: "created",
      });
    },
  ),

  defineCase(
    "P8: the key of a closed chain is forgotten by promote once its window has ended, also for a start without a window",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, {
        deduplication: keyed({ scope: "any", windowMs: minute }),
      });
      await actor.settle(job, completed());
      context.clock.advance(minute - 1);
      await context.state.promote({ limit: 100 });
      expect.match(await startKeyed(context, keyed({ scope: "any" })), {
        chainId: job.chainId,
        outcome: "kept",
      });
      context.clock.advance(1);
      await context.state.promote({ limit: 100 });
      expect.match(await startKeyed(context, keyed({ scope: "any" })), { outcome: "created" });
    },
  ),

  defineCase(
    "P1: a key of scope open makes a new chain beside a failed one",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { deduplication: keyed() });
      await actor.settle(job, failed());
      const second = await startKeyed(context, keyed());
      expect.match(second, { outcome: "created" });
      expect.match(await startKeyed(context, keyed()), {
        chainId: second.chainId,
        outcome: "kept",
      });
    },
  ),

  defineCase(
    "P1: the key of a failed chain names it again after a redrive",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { deduplication: keyed() });
      await actor.settle(job, failed());
      await context.state.redrive({ tx: undefined, chainIds: [job.chainId] });
      expect.match(await startKeyed(context, keyed()), { chainId: job.chainId, outcome: "kept" });
    },
  ),

  defineCase(
    "P1: the close of a chain whose key another chain took over leaves the key to the other",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { deduplication: keyed() });
      await actor.settle(job, failed());
      const second = await startKeyed(context, keyed());
      await context.state.redrive({ tx: undefined, chainIds: [job.chainId] });
      await context.state.completeChains({
        tx: undefined,
        items: [{ chainId: job.chainId, type: "work", outcome: completed() }],
      });
      expect.match(await chainOf(context, job.chainId), { status: "completed" });
      expect.match(await startKeyed(context, keyed()), {
        chainId: second.chainId,
        outcome: "kept",
      });
    },
  ),

  defineCase(
    "P1: a key of scope any keeps a chain that is completed, failed or cancelled",
    async (context, expect) => {
      const actor = await createActor(context);
      const [done, broken] = [
        await startAndClaim(context, actor, { type: "a", deduplication: keyed({ scope: "any" }) }),
        await startAndClaim(context, actor, { type: "b", deduplication: keyed({ scope: "any" }) }),
      ];
      const stopped = await startKeyed(context, keyed({ scope: "any" }), { type: "c" });
      await actor.settle(done, completed());
      await actor.settle(broken, failed());
      await context.state.cancel({
        tx: undefined,
        chainIds: [stopped.chainId],
        reason: undefined,
        cascade: false,
      });
      context.clock.advance(365 * 86_400_000);
      await context.state.promote({ limit: 100 });
      const again = async (type: string): Promise<StartResult> =>
        startKeyed(context, keyed({ scope: "any" }), { type });
      expect.equal(await again("a"), {
        chainId: done.chainId,
        outcome: "kept",
        jobStatus: "completed",
      });
      expect.equal(await again("b"), {
        chainId: broken.chainId,
        outcome: "kept",
        jobStatus: "failed",
      });
      expect.equal(await again("c"), {
        chainId: stopped.chainId,
        outcome: "kept",
        jobStatus: "cancelled",
      });
    },
  ),

  defineCase(
    "P8: a window looks back no further, by the database's clock",
    async (context, expect) => {
      const deduplication = keyed({ scope: "any", windowMs: minute });
      const first = await startKeyed(context, deduplication);
      context.clock.advance(minute - 1);
      expect.match(
        await startKeyed(context, deduplication),
        { chainId: first.chainId, outcome: "kept" },
        "within the window",
      );
      context.clock.advance(1);
      const second = await startKeyed(context, deduplication);
      expect.match(second, { outcome: "created" }, "after the window");
      context.clock.advance(minute - 1);
      expect.match(
        await startKeyed(context, deduplication),
        { chainId: second.chainId, outcome: "kept" },
        "within the second window",
      );
    },
  ),

  defineCase(
    "P8: a window holds for a closed chain too, and promote does not end it early",
    async (context, expect) => {
      const actor = await createActor(context);
      const deduplication = keyed({ scope: "any", windowMs: minute });
      const job = await startAndClaim(context, actor, { deduplication });
      await actor.settle(job, completed());
      context.clock.advance(minute - 1);
      await context.state.promote({ limit: 100 });
      expect.match(await startKeyed(context, deduplication), {
        chainId: job.chainId,
        outcome: "kept",
        jobStatus: "completed",
      });
      context.clock.advance(1);
      await context.state.promote({ limit: 100 });
      expect.match(await startKeyed(context, deduplication), { outcome: "created" });
    },
  ),

  defineCase(
    "P8: promote does not drop the key of a chain that is still open, whatever its window",
    async (context, expect) => {
      const first = await startKeyed(context, keyed({ scope: "any", windowMs: minute }));
      context.clock.advance(10 * minute);
      await context.state.promote({ limit: 100 });
      expect.match(await startKeyed(context, keyed({ scope: "any" })), {
        chainId: first.chainId,
        outcome: "kept",
      });
    },
  ),

  defineCase("P1: a window with scope open looks at open chains only", async (context, expect) => {
    const actor = await createActor(context);
    const deduplication = keyed({ scope: "open", windowMs: minute });
    const job = await startAndClaim(context, actor, { deduplication });
    expect.match(await startKeyed(context, deduplication), { outcome: "kept" });
    await actor.settle(job, completed());
    expect.match(await startKeyed(context, deduplication), { outcome: "created" });
  }),

  defineCase(
    "A13: replace gives a chain that has not begun the new input and priority, and keeps its time",
    async (context, expect) => {
      const now = context.clock.now();
      const first = await startKeyed(context, keyed(), {
        input: "1",
        priority: 5,
        schedule: { delayMs: minute },
      });
      const result = await startKeyed(context, keyed({ onDuplicate: "replace" }), {
        input: "2",
        priority: 1,
        schedule: { delayMs: 5 * minute },
      });
      expect.equal(result, { chainId: first.chainId, outcome: "replaced", jobStatus: "scheduled" });
      expect.match(await jobOf(context, first.chainId), {
        input: "2",
        priority: 1,
        status: "scheduled",
        scheduledAt: new Date(now + minute),
      });
      expect.equal(await context.state.countChains({ filter: {}, cap: 10 }), 1);
    },
  ),

  defineCase("A13: replace may take the input away", async (context, expect) => {
    const first = await startKeyed(context, keyed(), { input: "1" });
    await startKeyed(context, keyed({ onDuplicate: "replace" }), { input: undefined });
    expect.match(await jobOf(context, first.chainId), { input: undefined });
  }),

  defineCase("A13: a replaced priority decides the claim", async (context, expect) => {
    await startOne(context, { priority: 3 });
    const keyedChain = await startKeyed(context, keyed(), { priority: 9 });
    await startKeyed(context, keyed({ onDuplicate: "replace" }), { priority: 0 });
    const actor = await createActor(context);
    expect.match(await actor.claimOne("work"), { chainId: keyedChain.chainId, priority: 0 });
  }),

  defineCase("A13: debounce also moves the time, later and sooner", async (context, expect) => {
    const now = context.clock.now();
    const debounce = keyed({ onDuplicate: "debounce" });
    const first = await startKeyed(context, debounce, {
      input: "1",
      schedule: { delayMs: minute },
    });
    expect.match(
      await startKeyed(context, debounce, { input: "2", schedule: { delayMs: 3 * minute } }),
      { chainId: first.chainId, outcome: "debounced", jobStatus: "scheduled" },
    );
    expect.match(await jobOf(context, first.chainId), {
      input: "2",
      scheduledAt: new Date(now + 3 * minute),
    });
    context.clock.advance(1_000);
    expect.match(await startKeyed(context, debounce, { input: "3" }), {
      outcome: "debounced",
      jobStatus: "ready",
    });
    expect.match(await jobOf(context, first.chainId), {
      input: "3",
      status: "ready",
      readyAt: new Date(now + 1_000),
    });
    expect.match(await startKeyed(context, debounce, { schedule: { delayMs: minute } }), {
      outcome: "debounced",
      jobStatus: "scheduled",
    });
    const actor = await createActor(context);
    expect.equal(await actor.claim("work"), [], "a debounced job was claimed before its time");
    context.clock.advance(minute);
    await context.state.promote({ limit: 10 });
    expect.match(await actor.claimOne("work"), { chainId: first.chainId });
  }),

  defineCase(
    "A13: debounce on a blocked job leaves it blocked and moves its time",
    async (context, expect) => {
      const blocker = await startOne(context, { type: "item" });
      const now = context.clock.now();
      const first = await startKeyed(context, keyed(), { blockers: waitFor(blocker) });
      const result = await startKeyed(context, keyed({ onDuplicate: "debounce" }), {
        input: "2",
        schedule: { delayMs: minute },
      });
      expect.equal(result, { chainId: first.chainId, outcome: "debounced", jobStatus: "blocked" });
      expect.match(await jobOf(context, first.chainId), {
        status: "blocked",
        openBlockers: 1,
        input: "2",
        scheduledAt: new Date(now + minute),
      });
    },
  ),

  defineCase(
    "A13: what has begun is never replaced, while it runs or after a retry",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { input: "1", deduplication: keyed() });
      for (const onDuplicate of ["replace", "debounce"] as const) {
        const result = await startKeyed(context, keyed({ onDuplicate }), {
          input: "2",
          priority: 0,
          schedule: { delayMs: minute },
        });
        expect.equal(
          result,
          { chainId: job.chainId, outcome: "kept", jobStatus: "running" },
          onDuplicate,
        );
      }
      await actor.settle(job, { kind: "retried", delayMs: 0, error: "{}" });
      const result = await startKeyed(context, keyed({ onDuplicate: "replace" }), { input: "3" });
      expect.equal(result, { chainId: job.chainId, outcome: "kept", jobStatus: "ready" });
      expect.match(await jobOf(context, job.chainId), { input: "1", priority: 5 });
    },
  ),

  defineCase(
    "A13: a job that ran and was rescheduled or given back has begun, although no attempt counts",
    async (context, expect) => {
      const actor = await createActor(context);
      for (const [type, outcome] of [
        ["a", rescheduled(minute)],
        ["b", released],
      ] as const) {
        const job = await startAndClaim(context, actor, {
          type,
          input: "1",
          deduplication: keyed(),
        });
        await actor.settle(job, outcome);
        expect.match(
          await startKeyed(context, keyed({ onDuplicate: "replace" }), { type, input: "2" }),
          { chainId: job.chainId, outcome: "kept" },
          type,
        );
        expect.match(await jobOf(context, job), { input: "1", attempt: 0 }, type);
      }
    },
  ),

  defineCase("A13: a held job is never replaced", async (context, expect) => {
    const actor = await createActor(context);
    const first = await startKeyed(context, keyed(), { input: "1" });
    await actor.claim("work", { slots: 0, ahead: 1 });
    expect.match(await startKeyed(context, keyed({ onDuplicate: "replace" }), { input: "2" }), {
      chainId: first.chainId,
      outcome: "kept",
    });
    expect.match(await jobOf(context, first.chainId), { input: "1" });
  }),

  defineCase(
    "A13: a start that replaces and a claim at once: the claim has the input that the chain has",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context, { state: other });
      for (let round = 0; round < 10; round++) {
        const deduplication = keyed({ key: `key-${round}`, onDuplicate: "replace" });
        await startKeyed(context, deduplication, { input: "1" });
        const [result, job] = await Promise.all([
          startKeyed(context, deduplication, { input: "2" }),
          claimUnlocked(actor),
        ]);
        expect.oneOf(result.outcome, ["kept", "replaced"]);
        expect.equal(job.input, result.outcome === "kept" ? "1" : "2");
      }
    },
  ),

  defineCase("P1: a key is free once its chain was deleted", async (context, expect) => {
    const first = await startKeyed(context, keyed({ scope: "any" }));
    await context.state.deleteChains({ tx: undefined, chainIds: [first.chainId], cascade: false });
    expect.match(await startKeyed(context, keyed({ scope: "any" })), { outcome: "created" });
  }),

  defineCase(
    "F1: a key inserted in a transaction that rolls back is free",
    async (context, expect) => {
      await rollBack(context.state, async (tx) =>
        context.state.startChains({ tx, chains: [newChain(context, { deduplication: keyed() })] }),
      );
      expect.match(await startKeyed(context, keyed()), { outcome: "created" });
    },
  ),

  defineCase(
    "F1: a start that waits for a key whose holder rolls back makes its own chain",
    async (context, expect) => {
      const other = await context.openSession();
      const [first, second] = [
        newChain(context, { deduplication: keyed() }),
        newChain(context, { deduplication: keyed() }),
      ];
      const held = await holdTransaction(context.state);
      await context.state.startChains({ tx: held.tx, chains: [first] });
      const waiting = start(context, [second], other);
      await letOthersRun();
      await held.rollback();
      expect.equal(await waiting, [
        { chainId: second.chainId, outcome: "created", jobStatus: "ready" },
      ]);
      expect.ok(
        !(await isThere(context.state, first.chainId)),
        "the chain of the rolled back start is there",
      );
    },
  ),

  defineCase(
    "F1: a start that waits for a key whose holder commits keeps the holder's chain",
    async (context, expect) => {
      const other = await context.openSession();
      const [first, second] = [
        newChain(context, { deduplication: keyed() }),
        newChain(context, { deduplication: keyed() }),
      ];
      const held = await holdTransaction(context.state);
      await context.state.startChains({ tx: held.tx, chains: [first] });
      const waiting = start(context, [second], other);
      await letOthersRun();
      await held.commit();
      expect.equal(await waiting, [
        { chainId: first.chainId, outcome: "kept", jobStatus: "ready" },
      ]);
      expect.ok(!(await isThere(context.state, second.chainId)), "one key has made two chains");
    },
  ),

  defineCase(
    "F1: many sessions that start one key at once make one chain",
    async (context, expect) => {
      const sessions = [
        context.state,
        ...(await Promise.all(Array.from({ length: 4 }, async () => context.openSession()))),
      ];
      const starts = sessions.flatMap((state) =>
        Array.from({ length: 5 }, async () =>
          start(context, [newChain(context, { deduplication: keyed() })], state),
        ),
      );
      const results = (await Promise.all(starts)).flat();
      expect.equal(
        results.filter((result) => result.outcome === "created").length,
        1,
        "chains created",
      );
      expect.equal(new Set(results.map((result) => result.chainId)).size, 1, "chains answered");
      expect.equal(await context.state.countChains({ filter: {}, cap: 100 }), 1);
    },
  ),

  defineCase(
    "F1: a start that meets the close of its key's chain keeps the old chain or makes a new one",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context);
      for (let round = 0; round < 10; round++) {
        const deduplication = keyed({ key: `key-${round}` });
        const job = await startAndClaim(context, actor, { type: `type-${round}`, deduplication });
        const chain = newChain(context, { type: `type-${round}`, deduplication });
        const [results] = await Promise.all([
          start(context, [chain], other),
          actor.settle(job, completed()),
        ]);
        expect.oneOf(results[0]!.outcome, ["kept", "created"]);
        expect.equal(
          results[0]!.chainId,
          results[0]!.outcome === "kept" ? job.chainId : chain.chainId,
        );
        expect.equal(
          await isThere(context.state, chain.chainId),
          results[0]!.outcome === "created",
        );
      }
    },
  ),
];

/** Claims a job that a start may hold at this moment, which a claim does not wait for. */
async function claimUnlocked(actor: Actor): Promise<ClaimedJob> {
  for (;;) {
    const [job] = await actor.claim("work", { slots: 1 });
    if (job !== undefined) return job;
  }
}
