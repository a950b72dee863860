import { createClient, createWorker, defineJobTypes } from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { defineBehaviour, soon, type Stage } from "./support/stage.ts";

const jobTypes = defineJobTypes<{ work: { entry: true; output: string } }>();
const id = "0193e5f0-0000-7000-8000-000000000001";

export const isolation: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "isolation",
  cases: [
    defineBehaviour(
      "P9: two installations with the same types, ids and keys run their own chains only",
      async (stage, expect) => {
        const { here, there } = await openBoth(stage);
        const start = (side: typeof here) =>
          side.client.startChain({
            tx: "autocommit",
            type: "work",
            id,
            deduplication: { key: "k" },
          });
        expect.equal((await start(here)).deduplicated, false);
        expect.equal((await start(there)).deduplicated, false);
        await here.worker.start();
        expect.equal(
          (await here.client.awaitChain({ chain: { id, type: "work" }, ...soon })).output,
          "ran here",
        );
        await here.worker.drain();
        expect.match(await there.client.getChain({ chainId: id }), { status: "open" });
        await there.worker.start();
        expect.equal(
          (await there.client.awaitChain({ chain: { id, type: "work" }, ...soon })).output,
          "ran there",
        );
      },
    ),

    defineBehaviour(
      "P9: workers, pauses and statistics are an installation's own",
      async (stage, expect) => {
        const { here, there } = await openBoth(stage);
        await here.worker.start();
        await here.client.operate.pauseTypes({ tx: "autocommit", types: ["work"] });
        expect.equal((await here.client.inspect.listWorkers()).length, 1);
        expect.equal(await there.client.inspect.listWorkers(), []);
        expect.equal((await there.client.inspect.stats()).pausedTypes, []);
        await there.worker.start();
        const chain = await there.client.startChain({ tx: "autocommit", type: "work" });
        expect.equal((await there.client.awaitChain({ chain, ...soon })).output, "ran there");
        expect.equal((await here.client.inspect.countChains()).count, 0);
      },
    ),

    defineBehaviour(
      "P9 A15: a worker leaves the lost jobs of the other installation alone",
      async (stage, expect) => {
        const gate = stage.gate();
        const dead = await stage.openProcess(stage.installation.sibling);
        const deadClient = stage.use(await createClient({ jobTypes, ...dead.ports }));
        const deadWorker = stage.use(
          createWorker(deadClient, {
            ...soon,
            leaseMs: 1_000,
            handlers: {
              work: async () => {
                await gate.pass();
                return "from the dead";
              },
            },
          }),
        );
        await deadWorker.start();
        const chain = await deadClient.startChain({ tx: "autocommit", type: "work" });
        await gate.arrived();
        dead.crash();
        const { here, there } = await openBoth(stage);
        await here.worker.start();
        stage.clock.advance(1_001);
        await stage.process.store.next("reap");
        await here.worker.drain();
        expect.match(await there.client.inspect.getJob({ jobId: `${chain.id}:0` }), {
          status: "running",
        });
        await there.worker.start();
        expect.equal((await there.client.awaitChain({ chain, ...soon })).output, "ran there");
        expect.equal(stage.process.events.named("attempt.reaped"), []);
      },
    ),

    defineBehaviour(
      "P9: a transaction of one installation's client is none of the other's, or writes into its own tables alone",
      async (stage, expect) => {
        const { here, there } = await openBoth(stage);
        const result = await here.client.transaction(async (tx) => {
          try {
            await there.client.startChain({ tx, type: "work", id });
            return "written";
          } catch (error) {
            return (error as { code?: unknown }).code;
          }
        });
        expect.oneOf(result, ["written", "TRANSACTION_INVALID"]);
        expect.equal((await here.client.inspect.countChains()).count, 0);
        expect.equal(
          (await there.client.inspect.countChains()).count,
          result === "written" ? 1 : 0,
        );
      },
    ),
  ],
};

/** A client and a worker, not started, on each of the two installations. */
async function openBoth(stage: Stage) {
  const open = async (process: Stage["process"], place: string) => {
    const client = stage.use(await createClient({ jobTypes, ...process.ports }));
    const worker = stage.use(
      createWorker(client, {
        ...soon,
        leaseMs: 1_000,
        handlers: { work: async () => `ran ${place}` },
      }),
    );
    return { client, worker };
  };
  return {
    here: await open(stage.process, "here"),
    there: await open(await stage.openProcess(stage.installation.sibling), "there"),
  };
}
