import { createClient, createWorker, defineJobTypes } from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { defineBehaviour, eventually, soon } from "./support/stage.ts";

export const concurrency: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "concurrency-and-priority",
  cases: [
    defineBehaviour(
      "P4 B8: a backlog that keeps every slot busy does not hold up a job that has become due",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{ slow: { entry: true }; urgent: { entry: true } }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const gate = stage.gate();
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            concurrency: 1,
            prefetchMs: 0,
            handlers: { slow: async () => gate.pass(), urgent: async () => {} },
          }),
        );
        const slow = Array.from({ length: 5 }, () => ({ type: "slow" as const }));
        await client.startChains({ tx: "autocommit", chains: slow });
        const urgent = await client.startChain({
          tx: "autocommit",
          type: "urgent",
          delayMs: 60_000,
        });
        await worker.start();
        await gate.arrived();
        stage.clock.advance(60_000);
        // The slot is taken and the backlog waits; the job that is due is ready beside it all the same.
        await eventually(
          async () =>
            (await client.inspect.getJob({ jobId: `${urgent.id}:0` }))?.status === "ready",
        );
        expect.equal(gate.arrivedCount, 1);
        gate.open();
        await client.awaitChain({ chain: urgent, ...soon });
      },
    ),

    defineBehaviour(
      "P4: a worker runs as many jobs at once as it has slots, never more, and all of them",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          quick: { entry: true; input: number };
          chained: { entry: true; input: number; continueWith: "chained" | "quick" };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        let running = 0;
        const seen: number[] = [];
        const busy = async (): Promise<void> => {
          seen.push(++running);
          // Yields, so that jobs overlap where they may.
          for (let turn = 0; turn < 3; turn++)
            await new Promise((resolve) => setImmediate(resolve));
          running--;
        };
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            concurrency: 3,
            handlers: {
              quick: busy,
              chained: async ({ job, continueWith }) => {
                await busy();
                return job.input === 0
                  ? continueWith({ type: "quick", input: 0 })
                  : continueWith({ type: "chained", input: job.input - 1 });
              },
            },
          }),
        );
        await client.startChains({
          tx: "autocommit",
          chains: Array.from({ length: 60 }, (_, index) => ({
            type: index % 2 === 0 ? ("quick" as const) : ("chained" as const),
            input: 3,
          })),
        });
        await worker.start();
        await worker.drain();
        expect.equal(Math.max(...seen), 3);
        expect.equal(seen.length, 30 + 30 * 5);
        expect.equal((await client.inspect.countChains({ statuses: ["completed"] })).count, 60);
      },
    ),

    defineBehaviour(
      "P4: a type's limit in a process leaves the slots to others",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{ scarce: { entry: true }; plenty: { entry: true } }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const gates = { scarce: stage.gate(), plenty: stage.gate() };
        let scarceRunning = 0;
        const scarceSeen: number[] = [];
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            concurrency: 5,
            handlers: {
              scarce: {
                concurrency: 2,
                handle: async () => {
                  scarceSeen.push(++scarceRunning);
                  await gates.scarce.pass();
                  scarceRunning--;
                },
              },
              plenty: () => gates.plenty.pass(),
            },
          }),
        );
        const start = (type: "scarce" | "plenty", count: number) =>
          client.startChains({
            tx: "autocommit",
            chains: Array.from({ length: count }, () => ({ type })),
          });
        await start("scarce", 10);
        await start("plenty", 10);
        await worker.start();
        await gates.scarce.arrived(2);
        await gates.plenty.arrived(3);
        expect.equal(
          [gates.scarce.arrivedCount, gates.plenty.arrivedCount],
          [2, 3],
          "the five slots are full",
        );
        gates.plenty.open();
        await eventually(
          async () =>
            (await client.inspect.countChains({ types: ["plenty"], statuses: ["completed"] }))
              .count === 10,
        );
        expect.equal(gates.scarce.arrivedCount, 2);
        gates.scarce.open();
        await worker.drain();
        expect.equal(Math.max(...scarceSeen), 2);
        expect.equal(scarceSeen.length, 10);
      },
    ),

    defineBehaviour(
      "P4: a type's limit holds for its continuations, those of its own type as well",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          open: { entry: true; continueWith: "narrow" };
          narrow: { input: number; continueWith: "narrow"; output: number };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        let running = 0;
        let most = 0;
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            concurrency: 8,
            handlers: {
              open: async ({ continueWith }) => continueWith({ type: "narrow", input: 3 }),
              narrow: {
                concurrency: 1,
                handle: async ({ job, continueWith }) => {
                  most = Math.max(most, ++running);
                  await new Promise((resolve) => setImmediate(resolve));
                  running--;
                  return job.input === 0
                    ? 0
                    : continueWith({ type: "narrow", input: job.input - 1 });
                },
              },
            },
          }),
        );
        await client.startChains({
          tx: "autocommit",
          chains: Array.from({ length: 12 }, () => ({ type: "open" as const })),
        });
        await worker.start();
        await worker.drain();
        expect.equal(most, 1);
        expect.equal((await client.inspect.countChains({ statuses: ["completed"] })).count, 12);
      },
    ),

    defineBehaviour(
      "P4: lower priorities run first, and equal ones in the order of becoming ready",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{ work: { entry: true; input: string } }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const order: string[] = [];
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            concurrency: 1,
            prefetchMs: 0,
            handlers: {
              work: async ({ job }) => {
                order.push(job.input);
              },
            },
          }),
        );
        for (const [input, priority] of [
          ["five a", 5],
          ["nine", 9],
          ["zero", 0],
          ["five b", undefined],
          ["two", 2],
        ] as const) {
          stage.clock.advance(1);
          await client.startChain({
            tx: "autocommit",
            type: "work",
            input,
            ...(priority === undefined ? {} : { priority }),
          });
        }
        await worker.start();
        await worker.drain();
        expect.equal(order, ["zero", "two", "five a", "five b", "nine"]);
      },
    ),

    defineBehaviour("P3: many workers on one store run each job once", async (stage, expect) => {
      const jobTypes = defineJobTypes<{ work: { entry: true; input: number } }>();
      const runs: number[] = [];
      const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
      const workers = [];
      for (let index = 0; index < 4; index++) {
        const workerClient = stage.use(
          await createClient({ jobTypes, ...(await stage.openProcess()).ports }),
        );
        const worker = stage.use(
          createWorker(workerClient, {
            ...soon,
            concurrency: 5,
            handlers: {
              work: async ({ job }) => {
                runs.push(job.input);
              },
            },
          }),
        );
        await worker.start();
        workers.push(worker);
      }
      const inputs = Array.from({ length: 300 }, (_, index) => index);
      await client.startChains({
        tx: "autocommit",
        chains: inputs.map((input) => ({ type: "work" as const, input })),
      });
      await Promise.all(workers.map((worker) => worker.drain()));
      expect.equal(
        runs.toSorted((left, right) => left - right),
        inputs,
      );
    }),

    defineBehaviour(
      "P4: options that are out of range, unknown types and doubled handlers are refused",
      async (stage, expect) => {
        const jobTypes = defineJobTypes({ work: { entry: true } });
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const make = (options: object) => async () =>
          createWorker(client, { handlers: { work: async () => {} }, ...options });
        for (const options of [
          { concurrency: 0 },
          { concurrency: 1.5 },
          { leaseMs: 999 },
          { pollIntervalMs: 0 },
          { prefetchMs: -1 },
          { handlers: {} },
          { handlers: { work: { timeoutMs: 0, handle: async () => {} } } },
          { handlers: { work: { concurrency: 0, handle: async () => {} } } },
          { handlers: { work: "no function" } },
        ]) {
          await expect.rejects(make(options)(), "OPTION_INVALID");
        }
        await expect.rejects(make({ handlers: { unknown: async () => {} } })(), "JOB_TYPE_UNKNOWN");
        const set = { handlers: { work: async () => {} } };
        await expect.rejects(make({ handlers: [set, set] })(), "HANDLER_DUPLICATE");
      },
    ),
  ],
};
