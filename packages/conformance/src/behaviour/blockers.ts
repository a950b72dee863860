import { createClient, createWorker, defineJobTypes, json, type Chain } from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { defineBehaviour, eventually, soon } from "./support/stage.ts";

const fanOut = 200;

export const blockers: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "blockers",
  cases: [
    defineBehaviour(
      "P4: single and list slots hand their outputs over, defined by value",
      async (stage, expect) => {
        const jobTypes = defineJobTypes({
          rate: { entry: true, output: json<number>() },
          item: { entry: true, input: json<string>(), output: json<string>() },
          quote: {
            entry: true,
            blockers: { rate: "rate", items: ["item"] },
            output: json<string>(),
          },
        });
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              rate: async () => 7,
              item: async ({ job }) => job.input.toUpperCase(),
              quote: async ({ job: { blockers: given } }) =>
                `${given.rate.output}:${given.items.map(({ output }) => output).join()}`,
            },
          }),
        );
        const rate = await client.startChain({ tx: "autocommit", type: "rate" });
        const items = await client.startChains({
          tx: "autocommit",
          chains: [
            { type: "item", input: "a" },
            { type: "item", input: "b" },
          ],
        });
        const quote = await client.startChain({
          tx: "autocommit",
          type: "quote",
          blockers: { rate, items },
        });
        expect.match(await client.inspect.getJob({ jobId: `${quote.id}:0` }), {
          status: "blocked",
          openBlockerCount: 3,
        });
        await worker.start();
        expect.equal((await client.awaitChain({ chain: quote, ...soon })).output, "7:A,B");
      },
    ),

    defineBehaviour(
      "P4: single, list and empty list slots hand their outputs over, defined by types alone",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          rate: { entry: true; output: number };
          item: { entry: true; input: string; output: string };
          quote: {
            entry: true;
            blockers: { rate: "rate"; items: "item"[]; extras: "item"[] };
            output: object;
          };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              rate: async () => 7,
              item: async ({ job }) => job.input,
              quote: async ({ job: { blockers: given } }) => ({
                rate: given.rate.output,
                items: given.items.map(({ output, type, status }) => [output, type, status]),
                extraCount: given.extras.length,
              }),
            },
          }),
        );
        await worker.start();
        const rate = await client.startChain({ tx: "autocommit", type: "rate" });
        const item = await client.startChain({ tx: "autocommit", type: "item", input: "a" });
        const quote = await client.startChain({
          tx: "autocommit",
          type: "quote",
          blockers: { rate, items: [item], extras: [] },
        });
        expect.equal((await client.awaitChain({ chain: quote, ...soon })).output, {
          rate: 7,
          items: [["a", "item", "completed"]],
          extraCount: 0,
        });
      },
    ),

    defineBehaviour(
      "P4: a job with an empty list slot alone is ready at once",
      async (stage, expect) => {
        const jobTypes = defineJobTypes({
          item: { entry: true },
          sum: { entry: true, blockers: { items: ["item"] }, output: json<number>() },
        });
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: { sum: async ({ job }) => job.blockers.items.length },
          }),
        );
        await worker.start();
        const sum = await client.startChain({
          tx: "autocommit",
          type: "sum",
          blockers: { items: [] },
        });
        expect.equal((await client.awaitChain({ chain: sum, ...soon })).output, 0);
      },
    ),

    defineBehaviour(
      "P4: chains that have completed before the start do not hold it up, and are read all the same",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          item: { entry: true; output: string };
          after: { entry: true; blockers: { item: "item" }; output: string };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              item: async () => "early",
              after: async ({ job }) => `after ${job.blockers.item.output}`,
            },
          }),
        );
        await worker.start();
        const item = await client.startChain({ tx: "autocommit", type: "item" });
        await client.awaitChain({ chain: item, ...soon });
        const after = await client.startChain({
          tx: "autocommit",
          type: "after",
          blockers: { item },
        });
        expect.equal((await client.awaitChain({ chain: after, ...soon })).output, "after early");
      },
    ),

    defineBehaviour(
      `P4 B7b Q1: fan-in of ${fanOut} chains, closed at once by three workers, releases the one that waits, once`,
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          part: { entry: true; input: number; output: number };
          total: { entry: true; blockers: { parts: "part"[] }; output: number };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        let totalCount = 0;
        for (let index = 0; index < 3; index++) {
          const process = await stage.openProcess();
          const workerClient = stage.use(await createClient({ jobTypes, ...process.ports }));
          const worker = stage.use(
            createWorker(workerClient, {
              ...soon,
              handlers: {
                part: async ({ job }) => job.input,
                total: async ({ job }) => {
                  totalCount++;
                  return job.blockers.parts.reduce((sum, { output }) => sum + output, 0);
                },
              },
            }),
          );
          await worker.start();
        }
        const total = await client.transaction(async (tx) => {
          const parts = await client.startChains({
            tx,
            chains: Array.from({ length: fanOut }, (_, index) => ({
              type: "part" as const,
              input: index,
            })),
          });
          return client.startChain({ tx, type: "total", blockers: { parts } });
        });
        expect.equal(
          (await client.awaitChain({ chain: total, ...soon })).output,
          (fanOut * (fanOut - 1)) / 2,
        );
        expect.equal(totalCount, 1);
      },
    ),

    defineBehaviour(
      "P4 Q2: a blocker that continues is not completed before its last job",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          first: { entry: true; continueWith: "second" };
          second: { output: string };
          after: { entry: true; blockers: { chain: "first" }; output: string };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const gate = stage.gate();
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              first: async ({ continueWith }) => continueWith({ type: "second" }),
              second: async () => {
                await gate.pass();
                return "last";
              },
              after: async ({ job }) => `saw ${job.blockers.chain.output}`,
            },
          }),
        );
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "first" });
        const before = await client.startChain({
          tx: "autocommit",
          type: "after",
          blockers: { chain },
        });
        await gate.arrived();
        const during = await client.startChain({
          tx: "autocommit",
          type: "after",
          blockers: { chain },
        });
        for (const waiting of [before, during])
          expect.match(await client.inspect.getJob({ jobId: `${waiting.id}:0` }), {
            status: "blocked",
          });
        gate.open();
        expect.equal((await client.awaitChain({ chain: before, ...soon })).output, "saw last");
        expect.equal((await client.awaitChain({ chain: during, ...soon })).output, "saw last");
      },
    ),

    defineBehaviour(
      "P4: a failed blocker keeps its dependants blocked, and its redrive releases them",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          item: { entry: true; output: string };
          after: { entry: true; blockers: { item: "item" }; output: string };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        let isBroken = true;
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { maxAttempts: 1 },
            handlers: {
              item: async () => {
                if (isBroken) throw new Error("The item is broken.");
                return "mended";
              },
              after: async ({ job }) => job.blockers.item.output,
            },
          }),
        );
        await worker.start();
        const item = await client.startChain({ tx: "autocommit", type: "item" });
        const after = await client.startChain({
          tx: "autocommit",
          type: "after",
          blockers: { item },
        });
        await expect.rejects(client.awaitChain({ chain: item, ...soon }), "CHAIN_FAILED", {
          chainId: item.id,
          jobId: `${item.id}:0`,
        });
        await worker.drain();
        expect.match(await client.inspect.getJob({ jobId: `${after.id}:0` }), {
          status: "blocked",
          openBlockerCount: 1,
        });
        const explanation = await client.explain({ chainId: after.id });
        expect.match(explanation.reasons[0], {
          kind: "blocked",
          chainId: item.id,
          chainStatus: "failed",
        });
        // A chain that has failed may still be named as a blocker: a redrive may complete it.
        const late = await client.startChain({
          tx: "autocommit",
          type: "after",
          blockers: { item },
        });
        isBroken = false;
        expect.equal(await client.redrive({ tx: "autocommit", chainIds: [item.id] }), [
          { chainId: item.id, outcome: "redriven" },
        ]);
        expect.equal((await client.awaitChain({ chain: after, ...soon })).output, "mended");
        expect.equal((await client.awaitChain({ chain: late, ...soon })).output, "mended");
      },
    ),

    defineBehaviour(
      "P2: blockers may be given to a continuation, and started in the same commit",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          plan: { entry: true; continueWith: "join" };
          join: { blockers: { parts: "part"[]; one: "part" }; output: string };
          part: { entry: true; input: string; output: string };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              plan: async ({ commit, continueWith }) =>
                commit(async (tx) => {
                  const [first, second, third] = await client.startChains({
                    tx,
                    chains: [
                      { type: "part", input: "a" },
                      { type: "part", input: "b" },
                      { type: "part", input: "c" },
                    ],
                  });
                  return continueWith({
                    type: "join",
                    blockers: { parts: [first, second], one: third },
                  });
                }),
              part: async ({ job }) => job.input,
              join: async ({ job: { blockers: given } }) =>
                [...given.parts, given.one].map(({ output }) => output).join(""),
            },
          }),
        );
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "plan" });
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "abc");
      },
    ),

    defineBehaviour(
      "P2: a continuation that waits for a chain that is not there fails its attempt, from a return and from a commit",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          plain: { entry: true; continueWith: "join" };
          committing: { entry: true; continueWith: "join" };
          join: { blockers: { part: "part" } };
          part: { entry: true };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const missing: Chain<"part"> = { id: "0193e5f0-0000-7000-8000-000000000099", type: "part" };
        const caught: unknown[] = [];
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { maxAttempts: 1 },
            handlers: {
              plain: async ({ continueWith }) =>
                continueWith({ type: "join", blockers: { part: missing } }),
              committing: async ({ commit, continueWith }) => {
                try {
                  return await commit(async () =>
                    continueWith({ type: "join", blockers: { part: missing } }),
                  );
                } catch (error) {
                  caught.push((error as { code?: unknown }).code);
                  throw error;
                }
              },
            },
          }),
        );
        await worker.start();
        for (const type of ["plain", "committing"] as const) {
          const chain = await client.startChain({ tx: "autocommit", type });
          await expect.rejects(client.awaitChain({ chain, ...soon }), "CHAIN_FAILED");
          expect.match(await client.inspect.getChain({ chainId: chain.id }), {
            error: { code: "BLOCKER_UNUSABLE" },
            last: { chainIndex: 0 },
          });
        }
        expect.equal(caught, ["BLOCKER_UNUSABLE"], "commit throws it to the handler");
      },
    ),

    defineBehaviour(
      "P1: a start that waits for a missing or cancelled chain is refused and leaves the transaction usable",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          part: { entry: true };
          join: { entry: true; blockers: { part: "part" } };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const missing: Chain<"part"> = { id: "0193e5f0-0000-7000-8000-000000000099", type: "part" };
        const cancelled = await client.startChain({ tx: "autocommit", type: "part" });
        await client.cancel({ tx: "autocommit", chainIds: [cancelled.id] });
        const kept = await client.transaction(async (tx) => {
          await expect.rejects(
            client.startChain({ tx, type: "join", blockers: { part: missing } }),
            "BLOCKER_UNUSABLE",
            { chainId: missing.id, reason: "notFound" },
          );
          await expect.rejects(
            client.startChain({ tx, type: "join", blockers: { part: cancelled } }),
            "BLOCKER_UNUSABLE",
            { chainId: cancelled.id, reason: "cancelled" },
          );
          return client.startChain({ tx, type: "part" });
        });
        expect.match(await client.getChain({ chain: kept }), { status: "open" });
        expect.equal((await client.inspect.countChains({ types: ["join"] })).count, 0);
      },
    ),

    defineBehaviour(
      "P1: blockers are checked against the definition: slot, shape, type",
      async (stage, expect) => {
        const jobTypes = defineJobTypes({
          part: { entry: true },
          join: { entry: true, blockers: { one: "part", many: ["part"] } },
        });
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const part = await client.startChain({ tx: "autocommit", type: "part" });
        const join = (given: unknown) =>
          client.startChain({ tx: "autocommit", type: "join", blockers: given as never });
        await expect.rejects(join(undefined), "OPTION_INVALID", { option: "blockers.one" });
        await expect.rejects(join({ one: part }), "OPTION_INVALID", { option: "blockers.many" });
        await expect.rejects(join({ one: [part], many: [] }), "OPTION_INVALID", {
          option: "blockers.one",
        });
        await expect.rejects(join({ one: part, many: part }), "OPTION_INVALID", {
          option: "blockers.many",
        });
        await expect.rejects(
          join({ one: part, many: [{ id: part.id, type: "join" }] }),
          "OPTION_INVALID",
          { option: "blockers.many" },
        );
        await expect.rejects(join({ one: part, many: [], more: part }), "OPTION_INVALID", {
          option: "blockers.more",
        });
        expect.equal((await client.inspect.countChains({ types: ["join"] })).count, 0);
      },
    ),

    defineBehaviour(
      "P4 B7: starts that wait for a chain race with its completion, and none is left blocked",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          part: { entry: true; output: number };
          join: { entry: true; blockers: { part: "part" }; output: number };
        }>();
        const other = await stage.openProcess();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const workerClient = stage.use(await createClient({ jobTypes, ...other.ports }));
        const worker = stage.use(
          createWorker(workerClient, {
            ...soon,
            handlers: { part: async () => 1, join: async ({ job }) => job.blockers.part.output },
          }),
        );
        await worker.start();
        const joins: Chain<"join">[] = [];
        for (let round = 0; round < 30; round++) {
          const part = await client.startChain({ tx: "autocommit", type: "part" });
          joins.push(
            ...(await Promise.all(
              [1, 2].map(() =>
                client.startChain({ tx: "autocommit", type: "join", blockers: { part } }),
              ),
            )),
          );
        }
        const outputs = await Promise.all(
          joins.map(async (chain) => (await client.awaitChain({ chain, ...soon })).output),
        );
        expect.ok(
          outputs.every((output) => output === 1),
          "every job that waited read the output",
        );
      },
    ),

    defineBehaviour(
      "P4: a job waits for blockers and for its schedule, whichever comes last",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          part: { entry: true };
          join: { entry: true; blockers: { part: "part" } };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const gate = stage.gate();
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: { part: () => gate.pass(), join: async () => {} },
          }),
        );
        await worker.start();
        const part = await client.startChain({ tx: "autocommit", type: "part" });
        const join = await client.startChain({
          tx: "autocommit",
          type: "join",
          blockers: { part },
          delayMs: 5_000,
        });
        await gate.arrived();
        gate.open();
        await client.awaitChain({ chain: part, ...soon });
        await eventually(
          async () =>
            (await client.inspect.getJob({ jobId: `${join.id}:0` }))?.status === "scheduled",
        );
        await worker.drain();
        expect.match(await client.getChain({ chain: join }), { status: "open" });
        stage.clock.advance(5_000);
        await client.awaitChain({ chain: join, ...soon });
      },
    ),
  ],
};
