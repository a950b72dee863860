import { createClient, createWorker, defineJobTypes } from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { defineBehaviour, soon, type Stage } from "./support/stage.ts";

const jobTypes = defineJobTypes<{
  work: { entry: true; input: string; output: string };
  other: { entry: true };
}>();

export const deduplication: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "deduplication",
  cases: [
    defineBehaviour(
      "P1: keep returns the open chain as it is, and a closed one no longer counts",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        const start = (input: string) =>
          client.startChain({ tx: "autocommit", type: "work", input, deduplication: { key: "k" } });
        const first = await start("one");
        expect.equal(await start("two"), { ...first, deduplicated: "kept" });
        expect.match(await client.inspect.getJob({ jobId: `${first.id}:0` }), { input: "one" });
        await runAll(stage);
        const third = await start("three");
        expect.match(third, { deduplicated: false });
        expect.ok(third.id !== first.id, "a closed chain does not count with scope open");
      },
    ),

    defineBehaviour("P1: scope any counts a chain that has ended", async (stage, expect) => {
      const { client } = await openClient(stage);
      const start = () =>
        client.startChain({
          tx: "autocommit",
          type: "work",
          input: "x",
          deduplication: { key: "k", scope: "any" },
        });
      const first = await start();
      await runAll(stage);
      expect.equal(await start(), { ...first, deduplicated: "kept" });
      expect.equal((await client.awaitChain({ chain: first, ...soon })).output, "ran x");
    }),

    defineBehaviour("P8: a window ends by the database's clock", async (stage, expect) => {
      const { client } = await openClient(stage);
      const start = () =>
        client.startChain({
          tx: "autocommit",
          type: "work",
          input: "x",
          deduplication: { key: "k", scope: "any", windowMs: 60_000 },
        });
      const first = await start();
      stage.clock.advance(59_999);
      expect.match(await start(), { id: first.id, deduplicated: "kept" });
      stage.clock.advance(1);
      expect.match(await start(), { deduplicated: false });
    }),

    defineBehaviour(
      "P1: replace gives a chain that has not begun the new input and priority",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        const start = (input: string, priority: number) =>
          client.startChain({
            tx: "autocommit",
            type: "work",
            input,
            priority,
            delayMs: 1_000,
            deduplication: { key: "k", onDuplicate: "replace" },
          });
        const first = await start("one", 5);
        const scheduledAt = (await client.inspect.getJob({ jobId: `${first.id}:0` }))?.scheduledAt;
        stage.clock.advance(500);
        expect.equal(await start("two", 1), { ...first, deduplicated: "replaced" });
        expect.match(await client.inspect.getJob({ jobId: `${first.id}:0` }), {
          input: "two",
          priority: 1,
          scheduledAt,
        });
      },
    ),

    defineBehaviour(
      "P1: debounce moves the schedule as well, again and again",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        const start = (input: string) =>
          client.startChain({
            tx: "autocommit",
            type: "work",
            input,
            delayMs: 1_000,
            deduplication: { key: "k", onDuplicate: "debounce" },
          });
        const first = await start("one");
        for (const input of ["two", "three"]) {
          stage.clock.advance(900);
          expect.equal(await start(input), { ...first, deduplicated: "debounced" });
        }
        const worker = await runAll(stage);
        expect.match(await client.getChain({ chain: first }), { status: "open" });
        stage.clock.advance(1_000);
        expect.equal((await client.awaitChain({ chain: first, ...soon })).output, "ran three");
        await worker.stop();
      },
    ),

    defineBehaviour("A13 P3: what has begun is kept, whatever was asked", async (stage, expect) => {
      const { client } = await openClient(stage);
      const gate = stage.gate();
      const worker = stage.use(
        createWorker(client, {
          ...soon,
          handlers: {
            work: async ({ job }) => {
              await gate.pass();
              return `ran ${job.input}`;
            },
          },
        }),
      );
      await worker.start();
      const first = await client.startChain({
        tx: "autocommit",
        type: "work",
        input: "one",
        deduplication: { key: "k" },
      });
      await gate.arrived();
      for (const onDuplicate of ["keep", "replace", "debounce"] as const) {
        expect.equal(
          await client.startChain({
            tx: "autocommit",
            type: "work",
            input: "two",
            deduplication: { key: "k", onDuplicate },
          }),
          { ...first, deduplicated: "kept" },
        );
      }
      gate.open();
      expect.equal((await client.awaitChain({ chain: first, ...soon })).output, "ran one");
      expect.equal(gate.arrivedCount, 1, "one execution");
    }),

    defineBehaviour(
      "P1: a key belongs to its type, and repeats within one list",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        const deduplicated = { key: "k" };
        const results = await client.startChains({
          tx: "autocommit",
          chains: [
            { type: "work", input: "one", deduplication: deduplicated },
            { type: "other", deduplication: deduplicated },
            { type: "work", input: "two", deduplication: deduplicated },
            { type: "work", input: "three" },
          ],
        });
        expect.equal(
          results.map((result) => result.deduplicated),
          [false, false, "kept", false],
        );
        expect.equal(results[2].id, results[0].id);
        expect.equal((await client.inspect.countChains()).count, 3);
      },
    ),

    defineBehaviour(
      "F1 P1: a key that was taken in a transaction that rolled back is free",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        const start = (tx: unknown) =>
          client.startChain({
            tx,
            type: "work",
            input: "x",
            deduplication: { key: "k", scope: "any" },
          });
        const lost = await rejection(
          client.transaction(async (tx) => {
            expect.match(await start(tx), { deduplicated: false });
            expect.match(await start(tx), { deduplicated: "kept" });
            throw new Error("The user rolls back.");
          }),
        );
        expect.equal(lost, "The user rolls back.");
        expect.match(await start("autocommit"), { deduplicated: false });
      },
    ),

    defineBehaviour(
      "F1: concurrent starts with one key, from two processes, make one chain",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        const other = stage.use(
          await createClient({ jobTypes, ...(await stage.openProcess()).ports }),
        );
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            (index % 2 === 0 ? client : other).startChain({
              tx: "autocommit",
              type: "work",
              input: String(index),
              deduplication: { key: "k" },
            }),
          ),
        );
        expect.equal(new Set(results.map(({ id }) => id)).size, 1);
        expect.equal(results.filter(({ deduplicated }) => deduplicated === false).length, 1);
      },
    ),

    defineBehaviour(
      "P6: a deduplicated start says so, and never that a chain was started",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        const { events } = stage.process;
        const start = (onDuplicate: "keep" | "replace" | "debounce") =>
          client.startChain({
            tx: "autocommit",
            type: "work",
            input: "x",
            deduplication: { key: "k", onDuplicate },
          });
        const first = await start("keep");
        await start("keep");
        await start("replace");
        await start("debounce");
        const { id } = await client.startChain({
          tx: "autocommit",
          type: "work",
          input: "x",
          id: first.id,
        });
        expect.equal(id, first.id);
        expect.equal(events.named("chain.started").length, 1);
        expect.equal(
          events
            .named("chain.deduplicated")
            .map(({ outcome, chainId }) => [outcome, chainId === first.id]),
          [
            ["kept", true],
            ["replaced", true],
            ["debounced", true],
            ["same id", true],
          ],
        );
      },
    ),

    defineBehaviour(
      "P1: a failed chain counts as existing with scope any, and not with scope open",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { maxAttempts: 1 },
            handlers: {
              work: async () => {
                throw new Error("It fails.");
              },
            },
          }),
        );
        await worker.start();
        const start = (scope: "open" | "any") =>
          client.startChain({
            tx: "autocommit",
            type: "work",
            input: "x",
            deduplication: { key: "k", scope },
          });
        const first = await start("any");
        await expect.rejects(client.awaitChain({ chain: first, ...soon }), "CHAIN_FAILED");
        expect.match(await start("any"), { id: first.id, deduplicated: "kept" });
        expect.match(await start("open"), { deduplicated: false });
      },
    ),
  ],
};

async function openClient(stage: Stage) {
  return { client: stage.use(await createClient({ jobTypes, ...stage.process.ports })) };
}

/** Runs what is due by a worker of its own. */
async function runAll(stage: Stage) {
  const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
  const worker = stage.use(
    createWorker(client, {
      ...soon,
      handlers: { work: async ({ job }) => `ran ${job.input}`, other: async () => {} },
    }),
  );
  await worker.start();
  await worker.drain();
  return worker;
}

async function rejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}
