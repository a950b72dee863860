import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { isThere, newChain, startOne } from "../support/jobs.ts";

export const migrateCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "C13: migrating an up-to-date schema applies nothing and answers the same version",
    async (context, expect) => {
      const [first, second] = [await context.state.migrate(), await context.state.migrate()];
      expect.equal(first.applied, []);
      expect.equal(second, first);
      expect.ok(first.version !== "", "the version is empty");
    },
  ),

  defineCase("C13: migrating again keeps what is stored", async (context, expect) => {
    const chainId = await startOne(context);
    await context.state.migrate();
    expect.ok(await isThere(context.state, chainId), "the chain is gone");
  }),

  defineCase(
    "C13: eight sessions migrate an empty store at once, and one of them does it",
    async (context, expect) => {
      const { store } = context;
      const sessions = await Promise.all(
        Array.from({ length: 8 }, async () =>
          store.sibling.openState!({ clock: context.clock.now }),
        ),
      );
      const reports = await Promise.all(sessions.map(async (state) => state.migrate()));
      expect.equal(
        reports.filter((report) => report.applied.length > 0).length,
        1,
        "sessions that applied a version",
      );
      expect.equal(
        new Set(reports.map((report) => report.version)).size,
        1,
        "versions that the sessions answered",
      );
      const chain = newChain(context);
      await sessions[0]!.startChains({ tx: undefined, chains: [chain] });
      expect.equal(
        await Promise.all(sessions.map(async (state) => isThere(state, chain.chainId))),
        sessions.map(() => true),
      );
      await Promise.all(sessions.map(async (state) => state.close()));
    },
    { needs: "schema" },
  ),

  defineCase(
    "C13: migrating while another session works loses none of its starts",
    async (context, expect) => {
      const chains = Array.from({ length: 20 }, () => newChain(context));
      const other = await context.openSession();
      await Promise.all([
        ...chains.map(async (chain) =>
          context.state.startChains({ tx: undefined, chains: [chain] }),
        ),
        ...Array.from({ length: 4 }, async () => other.migrate()),
      ]);
      expect.equal(await other.countChains({ filter: {}, cap: 100 }), chains.length);
    },
  ),

  defineCase(
    "C13: an operation on a store without tables throws StoreSetupError",
    async (context, expect) => {
      const state = await context.store.sibling.openState!({ clock: context.clock.now });
      await expect.rejects(
        state.startChains({ tx: undefined, chains: [newChain(context)] }),
        "STORE_SETUP_INVALID",
      );
      await expect.rejects(
        state.listChains({ filter: {}, order: "oldest", after: undefined, limit: 1 }),
        "STORE_SETUP_INVALID",
      );
      await state.migrate();
      await state.startChains({ tx: undefined, chains: [newChain(context)] });
      await state.close();
    },
    { needs: "schema" },
  ),
];
