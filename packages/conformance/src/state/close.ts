import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { holdTransaction, letOthersRun } from "../support/held-transaction.ts";
import { isThere, newChain, startOne } from "../support/jobs.ts";

export const closeCases: readonly ConformanceCase<StateContext>[] = [
  defineCase("close: every later call throws StoreUnavailableError", async (context, expect) => {
    const state = await context.openSession();
    const chainId = await startOne(context);
    await state.close();
    const code = "STORE_UNAVAILABLE";
    await expect.rejects(state.startChains({ tx: undefined, chains: [newChain(context)] }), code);
    await expect.rejects(
      state.transaction(async () => undefined),
      code,
    );
    await expect.rejects(
      state.exchange({
        workerId: "00000000-0000-7000-8000-000000000001",
        settlements: [],
        started: [],
        claim: { types: [{ type: "work", limit: 1 }], slots: 1, ahead: 0 },
      }),
      code,
    );
    await expect.rejects(
      state.registerWorker({
        workerId: "00000000-0000-7000-8000-000000000001",
        name: "n",
        host: "h",
        pid: 1,
        types: [],
        concurrency: 1,
        leaseMs: 1_000,
      }),
      code,
    );
    await expect.rejects(
      state.renew({
        workerId: "00000000-0000-7000-8000-000000000001",
        leaseMs: 1_000,
        held: [],
        started: [],
        progress: [],
      }),
      code,
    );
    await expect.rejects(state.reap({ limit: 1, attemptLimits: [] }), code);
    await expect.rejects(state.promote({ limit: 1 }), code);
    await expect.rejects(
      state.cancel({ tx: undefined, chainIds: [chainId], reason: undefined, cascade: false }),
      code,
    );
    await expect.rejects(state.getChains({ tx: undefined, chainIds: [chainId] }), code);
    await expect.rejects(
      state.listChains({ filter: {}, order: "oldest", after: undefined, limit: 1 }),
      code,
    );
    await expect.rejects(state.stats({ cap: 1 }), code);
    await expect.rejects(state.migrate(), code);
  }),

  defineCase(
    "close: closing twice is fine, one after another and at once",
    async (context, expect) => {
      const [first, second] = [await context.openSession(), await context.openSession()];
      await first.close();
      await first.close();
      await Promise.all([second.close(), second.close()]);
      expect.ok(
        !(await isThere(context.state, context.newChainId())),
        "the first session does not answer any more",
      );
    },
  ),

  defineCase(
    "P1 G: close waits for the operations in flight, and they take effect",
    async (context, expect) => {
      const state = await context.openSession();
      const chains = Array.from({ length: 10 }, () => newChain(context));
      const starts = chains.map(async (chain) =>
        state.startChains({ tx: undefined, chains: [chain] }),
      );
      await state.close();
      await Promise.all(starts);
      expect.equal(await context.state.countChains({ filter: {}, cap: 100 }), chains.length);
    },
  ),

  defineCase(
    "P1 G: close waits for an open transaction, which commits",
    async (context, expect) => {
      const state = await context.openSession();
      const chain = newChain(context);
      const held = await holdTransaction(state);
      let isClosed = false;
      const closing = state.close().then(() => {
        isClosed = true;
      });
      await letOthersRun();
      expect.ok(!isClosed, "close resolved while a transaction was open");
      await state.startChains({ tx: held.tx, chains: [chain] });
      await held.commit();
      await closing;
      expect.ok(await isThere(context.state, chain.chainId), "the transaction did not commit");
    },
  ),

  defineCase("close: other sessions on the same store go on", async (context, expect) => {
    const state = await context.openSession();
    await state.close();
    const chainId = await startOne(context);
    expect.ok(await isThere(context.state, chainId), "the other session cannot write any more");
  }),
];
