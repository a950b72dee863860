import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { createActor, startAndClaim } from "../support/actor.ts";
import { holdTransaction, letOthersRun, rollBack } from "../support/held-transaction.ts";
import { chainOf, completed, isThere, newChain, startOne, waitFor } from "../support/jobs.ts";

export const transactionCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "P1: a chain started in a transaction is there once it has committed",
    async (context, expect) => {
      const chain = newChain(context);
      const result = await context.state.transaction(async (tx) => {
        await context.state.startChains({ tx, chains: [chain] });
        return "what run returned";
      });
      expect.equal(result, "what run returned");
      expect.ok(
        await isThere(context.state, chain.chainId),
        "the chain is not there after the commit",
      );
    },
  ),

  defineCase(
    "P1: a chain started in a transaction that rolls back never was",
    async (context, expect) => {
      const chain = newChain(context, {
        labels: { order: "1" },
        deduplication: { key: "k", scope: "any", windowMs: undefined, onDuplicate: "keep" },
      });
      await rollBack(context.state, async (tx) =>
        context.state.startChains({ tx, chains: [chain] }),
      );
      expect.equal(await context.state.getChains({ tx: undefined, chainIds: [chain.chainId] }), [
        undefined,
      ]);
      expect.equal(
        await context.state.listJobs({ filter: {}, order: "oldest", after: undefined, limit: 10 }),
        [],
      );
      expect.equal(
        await context.state.countChains({
          filter: { label: { key: "order", value: "1" } },
          cap: 10,
        }),
        0,
      );
      const actor = await createActor(context);
      expect.equal(await actor.claim("work"), [], "claimed from a start that rolled back");
    },
  ),

  defineCase("P1: transaction throws the very error that run threw", async (context, expect) => {
    const thrown = new Error("the user's own");
    let caught: unknown;
    try {
      await context.state.transaction(async () => {
        throw thrown;
      });
    } catch (error) {
      caught = error;
    }
    expect.ok(caught === thrown, "another error came out of the transaction");
  }),

  defineCase(
    "P1: a savepoint that throws undoes its own writes, and the transaction goes on",
    async (context, expect) => {
      const [before, inside, after] = [newChain(context), newChain(context), newChain(context)];
      const thrown = new Error("the user's own");
      let caught: unknown;
      await context.state.transaction(async (tx) => {
        await context.state.startChains({ tx, chains: [before] });
        try {
          await context.state.savepoint(tx, async () => {
            await context.state.startChains({ tx, chains: [inside] });
            throw thrown;
          });
        } catch (error) {
          caught = error;
        }
        await context.state.startChains({ tx, chains: [after] });
      });
      expect.ok(caught === thrown, "another error came out of the savepoint");
      const chainIds = [before.chainId, inside.chainId, after.chainId];
      const found = await context.state.getChains({ tx: undefined, chainIds });
      expect.equal(
        found.map((chain) => chain !== undefined),
        [true, false, true],
      );
    },
  ),

  defineCase("P1: savepoints nest", async (context, expect) => {
    const [outer, inner, last] = [newChain(context), newChain(context), newChain(context)];
    const { state } = context;
    const result = await state.transaction(async (tx) =>
      state.savepoint(tx, async () => {
        await state.startChains({ tx, chains: [outer] });
        await state
          .savepoint(tx, async () => {
            await state.startChains({ tx, chains: [inner] });
            throw new Error("inner");
          })
          .catch(() => undefined);
        await state.savepoint(tx, async () => state.startChains({ tx, chains: [last] }));
        return "outer";
      }),
    );
    expect.equal(result, "outer");
    const found = await state.getChains({
      tx: undefined,
      chainIds: [outer.chainId, inner.chainId, last.chainId],
    });
    expect.equal(
      found.map((chain) => chain !== undefined),
      [true, false, true],
    );
  }),

  defineCase(
    "P1: an outer savepoint that throws undoes what an inner one kept",
    async (context, expect) => {
      const [inner, kept] = [newChain(context), newChain(context)];
      const { state } = context;
      await state.transaction(async (tx) => {
        await state
          .savepoint(tx, async () => {
            await state.savepoint(tx, async () => state.startChains({ tx, chains: [inner] }));
            throw new Error("outer");
          })
          .catch(() => undefined);
        await state.startChains({ tx, chains: [kept] });
      });
      const found = await state.getChains({
        tx: undefined,
        chainIds: [inner.chainId, kept.chainId],
      });
      expect.equal(
        found.map((chain) => chain !== undefined),
        [false, true],
      );
    },
  ),

  defineCase(
    "P1: a transaction that rolls back undoes what its savepoints kept",
    async (context, expect) => {
      const chain = newChain(context);
      await rollBack(context.state, async (tx) =>
        context.state.savepoint(tx, async () => context.state.startChains({ tx, chains: [chain] })),
      );
      expect.ok(!(await isThere(context.state, chain.chainId)), "the chain survived the rollback");
    },
  ),

  defineCase(
    "P1: an operation that throws in a user's transaction has changed nothing, and the transaction commits the rest",
    async (context, expect) => {
      const { state } = context;
      const taken = await startOne(context, { type: "other" });
      const [before, failing, after] = [newChain(context), newChain(context), newChain(context)];
      await state.transaction(async (tx) => {
        await state.startChains({ tx, chains: [before] });
        await expect.rejects(
          state.startChains({
            tx,
            chains: [failing, newChain(context, { chainId: taken, type: "work" })],
          }),
          "CHAIN_ID_CONFLICT",
        );
        await expect.rejects(
          state.startChains({
            tx,
            chains: [failing, newChain(context, { blockers: waitFor(context.newChainId()) })],
          }),
          "BLOCKER_UNUSABLE",
        );
        await state.startChains({ tx, chains: [after] });
      });
      const found = await state.getChains({
        tx: undefined,
        chainIds: [before.chainId, failing.chainId, after.chainId],
      });
      expect.equal(
        found.map((chain) => chain !== undefined),
        [true, false, true],
      );
    },
  ),

  defineCase(
    "P1: what a transaction wrote is seen in it, and by nobody else before the commit",
    async (context, expect) => {
      const other = await context.openSession();
      const chain = newChain(context);
      const held = await holdTransaction(context.state);
      await context.state.startChains({ tx: held.tx, chains: [chain] });
      expect.ok(
        await isThere(context.state, chain.chainId, held.tx),
        "the transaction does not see its own chain",
      );
      expect.ok(
        !(await isThere(other, chain.chainId)),
        "another session sees an uncommitted chain",
      );
      expect.equal(await other.countChains({ filter: {}, cap: 10 }), 0);
      await held.commit();
      expect.ok(
        await isThere(other, chain.chainId),
        "another session does not see a committed chain",
      );
    },
    { needs: "concurrentReaders" },
  ),

  defineCase(
    "P1 C5: a call without the enclosing transaction answers or throws TransactionNestedError, and never hangs",
    async (context, expect) => {
      const { state } = context;
      const [outer, nested] = [newChain(context), newChain(context)];
      let code: unknown;
      await state.transaction(async (tx) => {
        await state.startChains({ tx, chains: [outer] });
        try {
          await state.startChains({ tx: undefined, chains: [nested] });
        } catch (error) {
          code = (error as { code?: unknown }).code;
        }
      });
      expect.oneOf(code, [undefined, "TRANSACTION_NESTED"]);
      expect.ok(await isThere(state, outer.chainId), "the enclosing transaction did not commit");
      expect.equal(await isThere(state, nested.chainId), code === undefined);
    },
  ),

  defineCase(
    "P1 C5: a transaction inside a transaction answers or throws TransactionNestedError, and never hangs",
    async (context, expect) => {
      const { state } = context;
      const nested = newChain(context);
      let code: unknown;
      await state.transaction(async () => {
        try {
          await state.transaction(async (tx) => state.startChains({ tx, chains: [nested] }));
        } catch (error) {
          code = (error as { code?: unknown }).code;
        }
      });
      expect.oneOf(code, [undefined, "TRANSACTION_NESTED"]);
      expect.equal(await isThere(state, nested.chainId), code === undefined);
    },
  ),

  defineCase(
    "P1: a transaction that is over is refused, and nothing is written",
    async (context, expect) => {
      const { state } = context;
      const committed = await holdTransaction(state);
      await committed.commit();
      const rolledBack = await holdTransaction(state);
      await rolledBack.rollback();
      const chain = newChain(context);
      await expect.rejects(
        state.startChains({ tx: committed.tx, chains: [chain] }),
        "TRANSACTION_INVALID",
      );
      await expect.rejects(
        state.startChains({ tx: rolledBack.tx, chains: [chain] }),
        "TRANSACTION_INVALID",
      );
      expect.ok(!(await isThere(state, chain.chainId)), "a transaction that is over has written");
    },
  ),

  defineCase(
    "P1: every operation that takes a transaction refuses one that is over",
    async (context, expect) => {
      const { state } = context;
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const { tx, commit } = await holdTransaction(state);
      await commit();
      const chainIds = [job.chainId];
      let isRun = false;
      const run = async (): Promise<void> => {
        isRun = true;
      };
      const calls: readonly (() => Promise<unknown>)[] = [
        async () => state.savepoint(tx, run),
        async () =>
          state.settle({
            tx,
            workerId: actor.workerId,
            settlements: [{ ...job, outcome: completed() }],
          }),
        async () =>
          state.completeChains({
            tx,
            items: [{ chainId: job.chainId, type: "work", outcome: completed() }],
          }),
        async () => state.cancel({ tx, chainIds, reason: undefined, cascade: false }),
        async () => state.redrive({ tx, chainIds }),
        async () => state.trigger({ tx, chainIds }),
        async () => state.reschedule({ tx, chainIds, schedule: { delayMs: 1 } }),
        async () => state.deleteChains({ tx, chainIds, cascade: false }),
        async () => state.setTypesPaused({ tx, types: ["work"], isPaused: true }),
        async () => state.getChains({ tx, chainIds }),
        async () => state.getJobs({ tx, keys: [job] }),
      ];
      for (const call of calls) {
        await expect.rejects(call(), "TRANSACTION_INVALID");
      }
      expect.ok(!isRun, "a savepoint of a transaction that is over was run");
      expect.match(await chainOf(context, job.chainId), {
        status: "open",
        last: { status: "running" },
      });
      expect.equal(await state.listTypes(), []);
    },
  ),

  defineCase(
    "P1: something that is no transaction is refused, and nothing is written",
    async (context, expect) => {
      const { state } = context;
      const chain = newChain(context);
      await expect.rejects(state.startChains({ tx: {}, chains: [chain] }), "TRANSACTION_INVALID");
      expect.ok(
        !(await isThere(state, chain.chainId)),
        "a foreign object was taken for a transaction",
      );
    },
  ),

  defineCase(
    "P1 C6: transactions of one session that run at once do not mix their statements",
    async (context, expect) => {
      const { state } = context;
      const chains = Array.from({ length: 12 }, () => newChain(context));
      await Promise.all(
        chains.map(async (chain, index) => {
          const write = state.transaction(async (tx) => {
            await state.startChains({ tx, chains: [chain] });
            await letOthersRun(2);
            if (index % 2 === 1) throw new Error("rolls back");
          });
          await write.catch(() => undefined);
        }),
      );
      const found = await state.getChains({
        tx: undefined,
        chainIds: chains.map((chain) => chain.chainId),
      });
      expect.equal(
        found.map((chain) => chain !== undefined),
        chains.map((_, index) => index % 2 === 0),
      );
    },
  ),

  defineCase(
    "P1: a start and the user's own row commit together, and roll back together",
    async (context, expect) => {
      const { state, store } = context;
      const [kept, undone] = [newChain(context), newChain(context)];
      await state.transaction(async (tx) => {
        await store.ownRows!.insert(tx, "kept");
        await state.startChains({ tx, chains: [kept] });
      });
      await rollBack(state, async (tx) => {
        await store.ownRows!.insert(tx, "undone");
        await state.startChains({ tx, chains: [undone] });
      });
      expect.equal(await store.ownRows!.list(), ["kept"]);
      const found = await state.getChains({
        tx: undefined,
        chainIds: [kept.chainId, undone.chainId],
      });
      expect.equal(
        found.map((chain) => chain !== undefined),
        [true, false],
      );
    },
    { needs: "ownRows" },
  ),

  defineCase(
    "P2: a settlement and the user's own row commit together, and roll back together",
    async (context, expect) => {
      const { state, store } = context;
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const settlements = [{ ...job, outcome: completed('"done"') }];
      await rollBack(state, async (tx) => {
        await store.ownRows!.insert(tx, "undone");
        await state.settle({ tx, workerId: actor.workerId, settlements });
      });
      expect.equal(await store.ownRows!.list(), []);
      expect.match(await chainOf(context, job.chainId), { status: "open" });
      await state.transaction(async (tx) => {
        await store.ownRows!.insert(tx, "kept");
        await state.settle({ tx, workerId: actor.workerId, settlements });
      });
      expect.equal(await store.ownRows!.list(), ["kept"]);
      expect.match(await chainOf(context, job.chainId), { status: "completed" });
    },
    { needs: "ownRows" },
  ),
];
