import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { createActor, startAndClaim } from "../support/actor.ts";
import {
  chainOf,
  completed,
  continued,
  isThere,
  jobOf,
  newChain,
  start,
  startOne,
  waitFor,
} from "../support/jobs.ts";

const minute = 60_000;

export const startChainsCases: readonly ConformanceCase<StateContext>[] = [
  defineCase("P1: a start creates the root as it was given", async (context, expect) => {
    const now = new Date(context.clock.now());
    const chain = newChain(context, {
      type: "order",
      input: '{"n":1}',
      priority: 3,
      traceContext: '{"traceparent":"00"}',
      labels: { order: "7", tenant: "a" },
    });
    expect.equal(await start(context, [chain]), [
      {
        chainId: chain.chainId,
        outcome: "created",
        jobStatus: "ready",
        traceContext: '{"traceparent":"00"}',
      },
    ]);
    expect.match(await jobOf(context, chain.chainId), {
      chainId: chain.chainId,
      chainIndex: 0,
      type: "order",
      chainType: "order",
      status: "ready",
      priority: 3,
      attempt: 0,
      claimNo: 0,
      createdAt: now,
      scheduledAt: now,
      readyAt: now,
      claimedAt: undefined,
      completedAt: undefined,
      workerId: undefined,
      completedBy: undefined,
      openBlockers: 0,
      dependents: 0,
      input: '{"n":1}',
      output: undefined,
      error: undefined,
      progress: undefined,
      traceContext: '{"traceparent":"00"}',
    });
    expect.equal(await chainOf(context, chain.chainId), {
      chainId: chain.chainId,
      type: "order",
      status: "open",
      createdAt: now,
      closedAt: undefined,
      last: { chainIndex: 0, type: "order", status: "ready" },
      labels: { order: "7", tenant: "a" },
      output: undefined,
      error: undefined,
    });
  }),

  defineCase(
    "P1: an empty list is answered with an empty list, in a transaction too",
    async (context, expect) => {
      expect.equal(await start(context, []), []);
      await context.state.transaction(async (tx) => {
        expect.equal(await context.state.startChains({ tx, chains: [] }), []);
      });
    },
  ),

  defineCase("P1: results stand in the order of the request", async (context, expect) => {
    const chains = context.random.shuffle(
      Array.from({ length: 30 }, (_, index) => newChain(context, { type: `type-${index}` })),
    );
    const results = await start(context, chains);
    expect.equal(
      results.map((result) => result.chainId),
      chains.map((chain) => chain.chainId),
    );
    const records = await context.state.getChains({
      tx: undefined,
      chainIds: chains.map((chain) => chain.chainId),
    });
    expect.equal(
      records.map((record) => record?.type),
      chains.map((chain) => chain.type),
    );
  }),

  defineCase(
    "P1 C18: an id that exists with the same type answers sameId and changes nothing",
    async (context, expect) => {
      const chain = newChain(context, { input: "1", labels: { a: "1" } });
      await start(context, [chain]);
      const before = await jobOf(context, chain.chainId);
      context.clock.advance(minute);
      const again = {
        ...chain,
        input: "2",
        priority: 0,
        labels: { b: "2" },
        schedule: { delayMs: minute },
      };
      expect.equal(await start(context, [again]), [
        { chainId: chain.chainId, outcome: "sameId", jobStatus: "ready" },
      ]);
      expect.equal(await jobOf(context, chain.chainId), before);
      expect.equal((await chainOf(context, chain.chainId)).labels, { a: "1" });
      expect.equal(await context.state.countChains({ filter: {}, cap: 10 }), 1);
    },
  ),

  defineCase(
    "P1 C18: sameId tells where the first job stands, also when the chain is over",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const again = newChain(context, { chainId: job.chainId });
      expect.match(await start(context, [again]), [{ outcome: "sameId", jobStatus: "running" }]);
      await actor.settle(job, continued({ type: "next" }));
      expect.match(await start(context, [again]), [{ outcome: "sameId", jobStatus: "continued" }]);
      await actor.settle(await actor.claimOne("next"), completed());
      expect.match(await start(context, [again]), [{ outcome: "sameId", jobStatus: "continued" }]);
      expect.match(await chainOf(context, job.chainId), { status: "completed" });
    },
  ),

  defineCase(
    "P1: an id that exists with another type throws ChainIdConflictError, and no item of the call is inserted",
    async (context, expect) => {
      const taken = await startOne(context, { type: "other" });
      const [before, after] = [newChain(context), newChain(context)];
      await expect.rejects(
        start(context, [before, newChain(context, { chainId: taken, type: "work" }), after]),
        "CHAIN_ID_CONFLICT",
        { chainId: taken },
      );
      expect.equal(await context.state.countChains({ filter: {}, cap: 10 }), 1);
      expect.match(await chainOf(context, taken), { type: "other" });
    },
  ),

  defineCase(
    "P1 F2: a batch of 100 with one id that exists inserts the other 99",
    async (context, expect) => {
      const existing = await startOne(context);
      const chains = Array.from({ length: 100 }, (_, index) =>
        newChain(context, index === 57 ? { chainId: existing } : {}),
      );
      const results = await start(context, chains);
      expect.equal(
        results.map((result) => result.outcome),
        chains.map((_, index) => (index === 57 ? "sameId" : "created")),
      );
      expect.equal(await context.state.countChains({ filter: {}, cap: 1_000 }), 100);
    },
  ),

  defineCase(
    "P1 F2: a batch of 100 with one deduplication key that exists inserts the other 99",
    async (context, expect) => {
      const deduplication = {
        key: "k",
        scope: "open",
        windowMs: undefined,
        onDuplicate: "keep",
      } as const;
      const existing = await startOne(context, { deduplication });
      const chains = Array.from({ length: 100 }, (_, index) =>
        newChain(context, index === 57 ? { deduplication } : {}),
      );
      const results = await start(context, chains);
      expect.equal(results[57], { chainId: existing, outcome: "kept", jobStatus: "ready" });
      expect.equal(results.filter((result) => result.outcome === "created").length, 99);
      expect.equal(await context.state.countChains({ filter: {}, cap: 1_000 }), 100);
    },
  ),

  defineCase(
    "P1 F2: an id that stands twice in a call makes one chain",
    async (context, expect) => {
      const chain = newChain(context, { input: "1" });
      const results = await start(context, [chain, { ...chain, input: "2" }]);
      expect.equal(
        results.map((result) => result.outcome),
        ["created", "sameId"],
      );
      expect.match(await jobOf(context, chain.chainId), { input: "1" });
    },
  ),

  defineCase(
    "P1: an id that stands twice in a call with two types throws, and nothing is inserted",
    async (context, expect) => {
      const chain = newChain(context);
      await expect.rejects(
        start(context, [chain, { ...chain, type: "other" }]),
        "CHAIN_ID_CONFLICT",
      );
      expect.ok(
        !(await isThere(context.state, chain.chainId)),
        "the first of the two was inserted",
      );
    },
  ),

  defineCase(
    "P1: a missing blocker throws BlockerUnusableError, and no item of the call is inserted",
    async (context, expect) => {
      const missing = context.newChainId();
      const chains = [
        newChain(context),
        newChain(context, { blockers: waitFor(missing) }),
        newChain(context),
      ];
      await expect.rejects(start(context, chains), "BLOCKER_UNUSABLE", {
        chainId: missing,
        reason: "notFound",
      });
      expect.equal(await context.state.countChains({ filter: {}, cap: 10 }), 0);
    },
  ),

  defineCase(
    "P1: a cancelled blocker throws BlockerUnusableError, and leaves no trace on the other blockers",
    async (context, expect) => {
      const [open, cancelled] = [await startOne(context), await startOne(context)];
      await context.state.cancel({
        tx: undefined,
        chainIds: [cancelled],
        reason: undefined,
        cascade: false,
      });
      await expect.rejects(
        start(context, [newChain(context, { blockers: waitFor(open, cancelled) })]),
        "BLOCKER_UNUSABLE",
        { chainId: cancelled, reason: "cancelled" },
      );
      expect.match(await jobOf(context, open), { dependents: 0 });
      expect.equal(await context.state.countChains({ filter: {}, cap: 10 }), 2);
    },
  ),

  defineCase(
    "P4: a chain cannot wait for itself, nor for a later item of its call",
    async (context, expect) => {
      const itself = newChain(context);
      await expect.rejects(
        start(context, [{ ...itself, blockers: waitFor(itself.chainId) }]),
        "BLOCKER_UNUSABLE",
        { reason: "notFound" },
      );
      const [first, second] = [newChain(context), newChain(context)];
      await expect.rejects(
        start(context, [
          { ...first, blockers: waitFor(second.chainId) },
          { ...second, blockers: waitFor(first.chainId) },
        ]),
        "BLOCKER_UNUSABLE",
      );
      expect.equal(await context.state.countChains({ filter: {}, cap: 10 }), 0);
    },
  ),

  defineCase("P1: an item may wait for an earlier item of its call", async (context, expect) => {
    const blocker = newChain(context, { type: "item" });
    const chain = newChain(context, { blockers: waitFor(blocker.chainId) });
    const results = await start(context, [blocker, chain]);
    expect.equal(
      results.map((result) => result.jobStatus),
      ["ready", "blocked"],
    );
    expect.match(await jobOf(context, chain.chainId), {
      status: "blocked",
      openBlockers: 1,
      readyAt: undefined,
    });
    expect.match(await jobOf(context, blocker.chainId), { dependents: 1 });
  }),

  defineCase("P8: a delay counts from the database's now", async (context, expect) => {
    const now = context.clock.now();
    const chain = newChain(context, { schedule: { delayMs: minute } });
    expect.match(await start(context, [chain]), [{ outcome: "created", jobStatus: "scheduled" }]);
    expect.match(await jobOf(context, chain.chainId), {
      status: "scheduled",
      createdAt: new Date(now),
      scheduledAt: new Date(now + minute),
      readyAt: undefined,
    });
  }),

  defineCase(
    "P8: an instant in the future is scheduled, one in the past or now is ready",
    async (context, expect) => {
      const now = context.clock.now();
      const chains = [now + 1, now, now - minute].map((at) =>
        newChain(context, { schedule: { at: new Date(at) } }),
      );
      const results = await start(context, chains);
      expect.equal(
        results.map((result) => result.jobStatus),
        ["scheduled", "ready", "ready"],
      );
      expect.match(await jobOf(context, chains[0]!.chainId), { scheduledAt: new Date(now + 1) });
    },
  ),

  defineCase("P8: a delay of 0 is ready", async (context, expect) => {
    expect.match(await start(context, [newChain(context, { schedule: { delayMs: 0 } })]), [
      { jobStatus: "ready" },
    ]);
  }),

  defineCase(
    "P1: a blocked chain with a schedule is blocked, and keeps its time",
    async (context, expect) => {
      const now = context.clock.now();
      const blocker = await startOne(context, { type: "item" });
      const chain = newChain(context, {
        blockers: waitFor(blocker),
        schedule: { delayMs: minute },
      });
      expect.match(await start(context, [chain]), [{ jobStatus: "blocked" }]);
      expect.match(await jobOf(context, chain.chainId), {
        status: "blocked",
        scheduledAt: new Date(now + minute),
      });
    },
  ),

  defineCase("E2: a batch of 1,000 chains goes in whole", async (context, expect) => {
    const chains = Array.from({ length: 1_000 }, (_, index) =>
      newChain(context, { input: `${index}`, labels: { n: `${index % 10}` } }),
    );
    const results = await start(context, chains);
    expect.ok(
      results.every((result) => result.outcome === "created"),
      "not all were created",
    );
    expect.equal(await context.state.countChains({ filter: {}, cap: 5_000 }), 1_000);
    expect.equal(
      await context.state.countChains({ filter: { label: { key: "n", value: "3" } }, cap: 5_000 }),
      100,
    );
    expect.match(await jobOf(context, chains[999]!.chainId), { input: "999" });
  }),

  defineCase(
    "P1: two sessions that start the same id at once make one chain",
    async (context, expect) => {
      const other = await context.openSession();
      for (let round = 0; round < 10; round++) {
        const chain = newChain(context);
        const results = await Promise.all([
          start(context, [chain]),
          start(context, [chain], other),
        ]);
        expect.sameMembers(
          results.flat().map((result) => result.outcome),
          ["created", "sameId"],
        );
      }
      expect.equal(await context.state.countChains({ filter: {}, cap: 100 }), 10);
    },
  ),

  defineCase(
    "C18: the start of a chain may be repeated after a commit whose answer was lost",
    async (context, expect) => {
      const chain = newChain(context, {
        deduplication: { key: "k", scope: "any", windowMs: undefined, onDuplicate: "keep" },
        labels: { a: "1" },
      });
      await start(context, [chain]);
      const repeated = await start(context, [chain]);
      expect.equal(repeated, [{ chainId: chain.chainId, outcome: "sameId", jobStatus: "ready" }]);
      expect.equal(await context.state.countChains({ filter: {}, cap: 10 }), 1);
    },
  ),

  defineCase(
    "P6: a chain that nobody announces says so at the first claim of its root, and only there",
    async (context, expect) => {
      const actor = await createActor(context);
      const first = await startAndClaim(context, actor, { isUnannounced: true });
      expect.equal(first.isUnannounced, true);
      await actor.settle(first, { kind: "retried", delayMs: 0, error: "{}" });
      const second = await actor.claimOne("work");
      expect.equal(second.isUnannounced, false, "at the second claim");
      await actor.settle(second, continued());
      expect.equal(
        (await actor.claimOne("work")).isUnannounced,
        false,
        "at the claim of a continuation",
      );
      expect.equal(
        (await startAndClaim(context, actor, { isUnannounced: false })).isUnannounced,
        false,
        "for an announced chain",
      );
    },
  ),
];
