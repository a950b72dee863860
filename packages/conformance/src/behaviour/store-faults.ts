import {
  createClient,
  createWorker,
  defineJobTypes,
  StoreConflictError,
  StoreSetupError,
  type Continuation,
  type Settled,
} from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { away, codeOf } from "./support/caught.ts";
import { defineBehaviour, eventually, soon, type Stage } from "./support/stage.ts";
import type { TappedCall } from "./support/tap.ts";

const jobTypes = defineJobTypes<{
  work: { entry: true; input: number; continueWith: "next"; output: string };
  next: { output: string };
  note: { entry: true };
}>();

export const storeFaults: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "store-faults",
  cases: [
    defineBehaviour(
      "P4: an outage is told once, and its end once; what ran meanwhile is settled after it, and nothing runs twice",
      async (stage, expect) => {
        const gate = stage.gate();
        const { client, start, runs } = await openWorker(stage, async () => {
          await gate.pass();
          return "survived";
        });
        const { events, store } = stage.process;
        const chains = [await start(1), await start(2)];
        await gate.arrived(2);
        for (let outage = 1; outage <= 2; outage++) {
          let failures = 0;
          const recover = store.intercept(async () => {
            failures++;
            throw away();
          });
          gate.open();
          await eventually(() => failures >= 3);
          recover();
          await eventually(() => events.named("store.recovered").length === outage);
        }
        for (const chain of chains)
          expect.equal((await client.awaitChain({ chain, ...soon })).output, "survived");
        expect.equal(runs, [1, 2]);
        expect.equal(
          events.names().filter((name) => name.startsWith("store.")),
          ["store.unavailable", "store.recovered", "store.unavailable", "store.recovered"],
        );
        expect.equal(codeOf(events.named("store.unavailable")[0]?.error), "STORE_UNAVAILABLE");
      },
    ),

    defineBehaviour(
      "P4: a database that is not fit for use for a while, its rights revoked or its disk read-only, costs no outcome",
      async (stage, expect) => {
        const gate = stage.gate();
        const { client, start, runs } = await openWorker(stage, async () => {
          await gate.pass();
          return "survived";
        });
        const { events, store } = stage.process;
        const chains = [await start(1), await start(2)];
        await gate.arrived(2);
        let failures = 0;
        const recover = store.intercept(async () => {
          failures++;
          throw new StoreSetupError("The database does not let this user write.");
        });
        gate.open();
        await eventually(() => failures >= 3);
        recover();
        for (const chain of chains)
          expect.equal((await client.awaitChain({ chain, ...soon })).output, "survived");
        expect.equal(runs, [1, 2]);
        expect.equal(
          events.named("attempt.ended").map(({ outcome }) => outcome),
          ["completed", "completed"],
        );
      },
    ),

    defineBehaviour(
      "P3 C18: a settlement whose reply is lost is repeated, takes effect once, and the chain goes on",
      async (stage, expect) => {
        const { client, start, runs } = await openWorker(stage, async ({ job, continueWith }) =>
          job.input === 1 ? continueWith({ type: "next" }) : "done",
        );
        let lostCount = 0;
        stage.process.store.intercept(async (call) => {
          const answer = await call.proceed();
          if (lostCount < 2 && settlementsOf(call).length > 0) {
            lostCount++;
            throw away();
          }
          return answer;
        });
        const chain = await start(1);
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "next");
        expect.equal((await client.awaitChain({ chain: await start(2), ...soon })).output, "done");
        expect.equal([runs, lostCount], [[1, 2], 2]);
        expect.equal((await client.inspect.listJobs({ chainId: chain.id })).jobs.length, 2);
      },
    ),

    defineBehaviour(
      "P2 C18: a commit whose reply is lost took effect: its writes and its outcome stand, once",
      async (stage, expect) => {
        let lostCount = 0;
        const codes: unknown[] = [];
        const { client, worker, start, runs } = await openWorker(stage, async ({ job, commit }) => {
          const write = () =>
            commit(async (tx) => {
              await client.startChain({ tx, type: "note" });
              return "committed";
            });
          // The first job lets the error be its attempt's; the second one tries again.
          if (job.input === 1) return write();
          return write().catch((error: unknown) => {
            codes.push(codeOf(error));
            return write();
          });
        });
        stage.process.store.intercept(async ({ operation, proceed }) => {
          const answer = await proceed();
          if (operation === "transaction" && lostCount < 2) {
            lostCount++;
            throw away();
          }
          return answer;
        });
        for (const input of [1, 2]) {
          const chain = await start(input);
          expect.equal((await client.awaitChain({ chain, ...soon })).output, "committed");
          await worker.drain();
        }
        const told = stage.process.events.named("attempt.ended").map(({ outcome }) => outcome);
        // What was refused as a repetition may be told as lost; a failure or a retry there was not.
        expect.ok(
          told.every((outcome) => outcome === "completed" || outcome === "lost"),
          `what is told of the attempts: ${told.join()}`,
        );
        expect.equal((await client.inspect.countChains({ types: ["note"] })).count, 2);
        expect.equal([runs, codes, lostCount], [[1, 2], ["STORE_UNAVAILABLE"], 2]);
      },
    ),

    defineBehaviour(
      "P1 C18: a start whose reply is lost can be repeated under its id",
      async (stage, expect) => {
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const id = "0193e5f0-0000-7000-8000-000000000001";
        const recover = stage.process.store.intercept(async ({ proceed }) => {
          await proceed();
          throw away();
        });
        const start = () => client.startChain({ tx: "autocommit", type: "work", input: 1, id });
        await expect.rejects(start(), "STORE_UNAVAILABLE");
        recover();
        expect.equal(await start(), { id, type: "work", deduplicated: "same id" });
        expect.equal((await client.inspect.countChains()).count, 1);
      },
    ),

    defineBehaviour(
      "P4: a conflict is no outcome: the exchange is made again",
      async (stage, expect) => {
        let conflicts = 0;
        const { client, start, runs } = await openWorker(stage, async () => "done");
        stage.process.store.intercept(async ({ operation, proceed }) => {
          if (operation === "exchange" && conflicts < 4) {
            conflicts++;
            throw new StoreConflictError("The case makes a conflict.");
          }
          return proceed();
        });
        expect.equal((await client.awaitChain({ chain: await start(1), ...soon })).output, "done");
        expect.equal([runs, conflicts], [[1], 4]);
      },
    ),

    defineBehaviour(
      "P4: an outcome whose row is locked comes again, and keeps the slot of its next job",
      async (stage, expect) => {
        const { client, start, runs } = await openWorker(stage, async ({ job, continueWith }) =>
          job.input === 1 ? continueWith({ type: "next" }) : "done",
        );
        let deferredCount = 0;
        stage.process.store.intercept(async (call) => {
          const settlements = settlementsOf(call);
          if (deferredCount >= 3 || settlements.length === 0) return call.proceed();
          deferredCount++;
          return {
            verdicts: settlements.map(() => ({ kind: "deferred" })),
            claimed: [],
            isLive: true,
          };
        });
        const chains = [await start(1), await start(2)];
        expect.equal((await client.awaitChain({ chain: chains[0]!, ...soon })).output, "next");
        expect.equal((await client.awaitChain({ chain: chains[1]!, ...soon })).output, "done");
        expect.equal([runs.toSorted((left, right) => left - right), deferredCount], [[1, 2], 3]);
        expect.equal(stage.process.events.named("store.unavailable"), [], "it is no outage");
      },
    ),

    defineBehaviour(
      "P4 F2: one outcome that the database refuses fails its own job, and the others are settled",
      async (stage, expect) => {
        const gate = stage.gate();
        const { client, start } = await openWorker(
          stage,
          async ({ job }) => {
            await gate.pass();
            return `done ${job.input}`;
          },
          { maxAttempts: 1 },
        );
        const [bad, ...good] = [await start(0), await start(1), await start(2), await start(3)];
        await gate.arrived(4);
        stage.process.store.intercept(async (call) => {
          if (
            settlementsOf(call).some(
              ({ chainId, outcome }) => chainId === bad.id && outcome.kind === "completed",
            )
          )
            throw new Error("The database refuses it.");
          return call.proceed();
        });
        gate.open();
        for (const [index, chain] of good.entries())
          expect.equal((await client.awaitChain({ chain, ...soon })).output, `done ${index + 1}`);
        await expect.rejects(client.awaitChain({ chain: bad, ...soon }), "CHAIN_FAILED");
        expect.match(await client.inspect.getChain({ chainId: bad.id }), {
          error: { message: "The database refuses it." },
        });
      },
    ),

    defineBehaviour(
      "P4: a job whose failure the database refuses as well is not lost: it runs again",
      async (stage, expect) => {
        const { client, start, runs } = await openWorker(stage, async () => "done");
        let refusals = 0;
        stage.process.store.intercept(async (call) => {
          if (refusals < 6 && settlementsOf(call).length > 0) {
            refusals++;
            throw new Error("The database refuses it.");
          }
          return call.proceed();
        });
        const chain = await start(1);
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "done");
        expect.ok(runs.length > 1, `it ran ${runs.length} times`);
      },
    ),

    defineBehaviour(
      "P4: beats that fail for a while lose neither the lease nor the job",
      async (stage, expect) => {
        const gate = stage.gate();
        const { client, start, runs } = await openWorker(stage, async () => {
          await gate.pass();
          return "done";
        });
        const chain = await start(1);
        await gate.arrived();
        const { store, events } = stage.process;
        let failures = 0;
        store.intercept(async ({ operation, proceed }) => {
          if (operation === "renew" && failures < 3) {
            failures++;
            throw away();
          }
          if ((operation === "reap" || operation === "promote") && failures < 6) {
            failures++;
            throw away();
          }
          return proceed();
        });
        await eventually(() => failures === 6 && events.named("store.recovered").length >= 1);
        gate.open();
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "done");
        expect.equal([runs, events.named("worker.leaseLost").length], [[1], 0]);
      },
    ),

    defineBehaviour(
      "P1: a call of the client's that finds no database throws, and has changed nothing",
      async (stage, expect) => {
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const recover = stage.process.store.intercept(async () => {
          throw away();
        });
        const chainIds = ["0193e5f0-0000-7000-8000-000000000099"];
        for (const call of [
          () => client.startChain({ tx: "autocommit", type: "work", input: 1 }),
          () => client.transaction(async () => {}),
          () => client.getChain({ chainId: chainIds[0]! }),
          () => client.cancel({ tx: "autocommit", chainIds }),
          () => client.inspect.listChains(),
          () => client.explain({ chainId: chainIds[0]! }),
        ]) {
          await expect.rejects(call(), "STORE_UNAVAILABLE");
        }
        recover();
        expect.equal((await client.inspect.countChains()).count, 0);
        expect.equal(stage.process.events.names(), []);
      },
    ),
  ],
};

interface SettledChain {
  readonly chainId: string;
  readonly outcome: { readonly kind: string };
}

/** What an exchange settles; nothing for other calls. */
function settlementsOf({ operation, params }: TappedCall): readonly SettledChain[] {
  return operation === "exchange"
    ? (params as { readonly settlements: readonly SettledChain[] }).settlements
    : [];
}

/** The handler of "work": as much of its arguments as these cases use. */
type Work = (handler: {
  readonly job: { readonly input: number };
  readonly commit: (run: (tx: unknown) => Promise<string>) => Promise<Settled>;
  readonly continueWith: (next: { type: "next" }) => Continuation<"next">;
}) => Promise<string | Settled | Continuation<"next">>;

/** A started worker. `runs`: the inputs of the attempts at "work", in order. */
async function openWorker(stage: Stage, work: Work, retry: { maxAttempts?: number } = {}) {
  const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
  const runs: number[] = [];
  const worker = stage.use(
    createWorker(client, {
      ...soon,
      leaseMs: 1_000,
      retry: { ...retry, backoff: { initialMs: 0 } },
      handlers: {
        work: async (handler) => {
          runs.push(handler.job.input);
          return work(handler);
        },
        next: async () => "next",
      },
    }),
  );
  await worker.start();
  return {
    client,
    worker,
    runs,
    start: (input: number) => client.startChain({ tx: "autocommit", type: "work", input }),
  };
}
