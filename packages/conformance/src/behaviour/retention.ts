import {
  createClient,
  createWorker,
  defineJobTypes,
  UnrecoverableError,
  type RetentionOptions,
} from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { away, codeOf } from "./support/caught.ts";
import { defineBehaviour, eventually, soon, type Process, type Stage } from "./support/stage.ts";

const hour = 3_600_000;
const day = 24 * hour;

const jobTypes = defineJobTypes<{
  work: { entry: true; input: { isBad: boolean } };
  other: { entry: true };
}>();

export const retention: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "retention",
  cases: [
    defineBehaviour(
      "P4: without a retention, a worker never looks for chains to delete",
      async (stage, expect) => {
        const { client, start } = await openWorker(stage, undefined);
        const chain = await start();
        await client.awaitChain({ chain, ...soon });
        stage.clock.advance(100 * day);
        // Some rounds of all that a worker does beside its jobs.
        for (let round = 0; round < 3; round++) await stage.process.store.next("reap");
        expect.equal(stage.process.store.count("retireChains"), 0);
        expect.match(await client.getChain({ chainId: chain.id }), { status: "completed" });
      },
    ),

    defineBehaviour(
      "P6 P8: a worker deletes what its retention does not keep, and tells how many of each status and type",
      async (stage, expect) => {
        const { client, start } = await openWorker(stage, {
          completed: { maxAgeMs: hour },
          failed: { maxAgeMs: day },
        });
        const done = [await start(), await start()];
        const bad = await start(true);
        const other = await client.startChain({ tx: "autocommit", type: "other" });
        for (const chain of [...done, other]) await client.awaitChain({ chain, ...soon });
        await eventually(
          async () => (await client.getChain({ chainId: bad.id }))?.status === "failed",
        );
        const { events } = stage.process;
        expect.equal(events.named("chains.retired"), []);
        stage.clock.advance(hour);
        await events.until(() => countRetired(stage.process) === 3);
        const retired = { status: "completed" } as const;
        for (const [chainType, count] of [
          ["work", 2],
          ["other", 1],
        ] as const) {
          const told = events
            .named("chains.retired")
            .filter((event) => event.chainType === chainType);
          expect.match(told, [{ ...retired, chainType, count }]);
        }
        expect.equal(await client.getChain({ chainId: done[0]!.id }), undefined);
        expect.match(await client.getChain({ chainId: bad.id }), { status: "failed" });
        await expect.rejects(client.awaitChain({ chain: done[0]!, ...soon }), "CHAIN_NOT_FOUND");
        stage.clock.advance(day);
        await events.first("chains.retired", ({ status }) => status === "failed");
        expect.equal(await client.getChain({ chainId: bad.id }), undefined);
      },
    ),

    defineBehaviour(
      "P4: several workers go through a backlog by batches at once, and work goes on",
      async (stage, expect) => {
        const first = await openWorker(stage, undefined);
        const chains = await first.client.startChains({
          tx: "autocommit",
          chains: Array.from({ length: 500 }, () => ({ type: "other" as const, delayMs: hour })),
        });
        const chainIds = chains.map(({ id }) => id);
        await first.client.cancel({ tx: "autocommit", chainIds });
        const processes = [await stage.openProcess(), await stage.openProcess()];
        for (const process of processes)
          await openWorker(stage, { cancelled: { maxCount: 20 } }, process);
        const countAll = (): number =>
          processes.reduce((sum, process) => sum + countRetired(process), 0);
        while (countAll() < 480)
          await first.client.awaitChain({ chain: await first.start(), ...soon });
        expect.equal(countAll(), 480);
        expect.equal(
          (await first.client.inspect.countChains({ statuses: ["cancelled"] })).count,
          20,
        );
        const told = processes.flatMap(({ events }) => events.named("chains.retired"));
        expect.ok(
          told.every(({ count }) => count <= 200),
          "a batch was larger than 200 chains",
        );
      },
    ),

    defineBehaviour(
      "P4: a batch that takes its time holds up neither work nor beats, and a stopping worker begins no other",
      async (stage, expect) => {
        const gate = stage.gate();
        const { client, worker, start } = await openWorker(stage, undefined);
        const chain = await start();
        await client.awaitChain({ chain, ...soon });
        const process = await stage.openProcess();
        process.store.intercept(async ({ operation, proceed }) => {
          if (operation === "retireChains") await gate.pass();
          return proceed();
        });
        const slow = await openWorker(stage, { completed: { maxCount: 0 } }, process);
        await gate.arrived();
        await worker.stop();
        await slow.client.awaitChain({ chain: await slow.start(), ...soon });
        await slow.process.store.next("renew");
        const stopping = slow.worker.stop();
        gate.open();
        await stopping;
        expect.equal(slow.process.store.count("retireChains"), 1);
        expect.equal(await client.getChain({ chainId: chain.id }), undefined);
      },
    ),

    defineBehaviour(
      "P4: a batch that fails is told of once, and is tried again",
      async (stage, expect) => {
        const { events, store } = stage.process;
        let isAway = true;
        store.intercept(async ({ operation, proceed }) => {
          if (operation !== "retireChains" || !isAway) return proceed();
          isAway = false;
          throw away();
        });
        const { start } = await openWorker(stage, { completed: { maxCount: 0 } });
        await start();
        await events.first("chains.retired");
        await events.first("store.recovered");
        expect.equal(
          events.named("store.unavailable").map(({ error }) => codeOf(error)),
          ["STORE_UNAVAILABLE"],
        );
      },
    ),
  ],
};

function countRetired(process: Process): number {
  return process.events.named("chains.retired").reduce((sum, { count }) => sum + count, 0);
}

async function openWorker(
  stage: Stage,
  rules: RetentionOptions | undefined,
  process: Process = stage.process,
) {
  const client = stage.use(await createClient({ jobTypes, ...process.ports }));
  const worker = stage.use(
    createWorker(client, {
      ...soon,
      leaseMs: 1_000,
      retention: rules,
      retentionIntervalMs: 20,
      handlers: {
        work: async ({ job }) => {
          if (job.input.isBad) throw new UnrecoverableError("The case wants it to fail.");
        },
        other: async () => {},
      },
    }),
  );
  await worker.start();
  return {
    process,
    client,
    worker,
    start: (isBad = false) =>
      client.startChain({ tx: "autocommit", type: "work", input: { isBad } }),
  };
}
