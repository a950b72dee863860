import {
  createClient,
  createWorker,
  defineJobTypes,
  type Continuation,
  type Job,
  type Settled,
} from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { away } from "./support/caught.ts";
import { defineBehaviour, soon, type Process, type Stage } from "./support/stage.ts";

const jobTypes = defineJobTypes<{
  work: { entry: true; input: number; continueWith: "next"; output: string };
  next: { output: string };
}>();

export const shutdown: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "shutdown",
  cases: [
    defineBehaviour(
      "G: stop waits for what runs, claims no more, and leaves the rest ready",
      async (stage, expect) => {
        const gate = stage.gate();
        const { client, worker } = await openWorker(stage, { concurrency: 2 }, async () => {
          await gate.pass();
          return "finished";
        });
        const chains = await client.startChains({
          tx: "autocommit",
          chains: [1, 2, 3].map((input) => ({ type: "work" as const, input })),
        });
        await gate.arrived(2);
        const stopping = worker.stop();
        await stage.process.events.first("worker.stopping");
        gate.open();
        await stopping;
        const statuses = await Promise.all(
          chains.map(async ({ id }) => (await client.inspect.getJob({ jobId: `${id}:0` }))?.status),
        );
        expect.sameMembers(statuses, ["completed", "completed", "ready"]);
        expect.equal(gate.arrivedCount, 2);
        expect.match(stage.process.events.named("worker.stopping"), [{ runningCount: 2 }]);
        expect.equal(stage.process.events.names().at(-1), "worker.stopped");
        expect.equal(await client.inspect.listWorkers(), [], "its row is gone");
      },
    ),

    defineBehaviour(
      "G: a continuation of what ends during stop is left to others",
      async (stage, expect) => {
        const gate = stage.gate();
        const { client, worker } = await openWorker(stage, {}, async ({ continueWith }) => {
          await gate.pass();
          return continueWith({ type: "next" });
        });
        const [chain] = await client.startChains({
          tx: "autocommit",
          chains: [{ type: "work", input: 1 }],
        });
        await gate.arrived();
        const stopping = worker.stop();
        await stage.process.events.first("worker.stopping");
        gate.open();
        await stopping;
        expect.match(await client.inspect.getJob({ jobId: `${chain.id}:1` }), {
          status: "ready",
          attempt: 0,
        });
        expect.match(await client.inspect.getJob({ jobId: `${chain.id}:0` }), {
          status: "continued",
        });
      },
    ),

    defineBehaviour(
      "G: stopping twice, at once or again, is fine; so is stopping what was never started",
      async (stage, expect) => {
        const gate = stage.gate();
        const { client, worker } = await openWorker(stage, {}, async () => {
          await gate.pass();
          return "finished";
        });
        const chain = await client.startChain({ tx: "autocommit", type: "work", input: 1 });
        await gate.arrived();
        const both = [worker.stop(), worker.stop()];
        gate.open();
        await Promise.all(both);
        await worker.stop();
        expect.match(await client.getChain({ chain }), { status: "completed" });
        expect.equal(stage.process.events.named("worker.stopped").length, 1);
        const never = createWorker(client, { handlers: { work: async () => "never" } });
        await never.stop();
        await expect.rejects(never.start(), "LIFECYCLE_INVALID");
      },
    ),

    defineBehaviour(
      "G: a worker starts once, and drains only while it runs",
      async (stage, expect) => {
        const { worker, client } = await openWorker(stage, {}, async () => "done");
        await expect.rejects(worker.start(), "LIFECYCLE_INVALID");
        const unstarted = createWorker(client, { handlers: { work: async () => "never" } });
        await expect.rejects(unstarted.drain(), "LIFECYCLE_INVALID");
        await worker.stop();
        await expect.rejects(worker.start(), "LIFECYCLE_INVALID");
        await expect.rejects(worker.drain(), "LIFECYCLE_INVALID");
      },
    ),

    defineBehaviour(
      "G A11: a claim that is in flight at stop starts nothing: its jobs are given back, uncounted",
      async (stage, expect) => {
        const started: number[] = [];
        const { client, worker } = await openWorker(
          stage,
          { isStarted: false },
          async ({ job }) => {
            started.push(job.input);
            return "ran";
          },
        );
        const chain = await client.startChain({ tx: "autocommit", type: "work", input: 1 });
        let release = (): void => {};
        const isHeld = new Promise<void>((held) => {
          stage.process.store.intercept(async ({ operation, params, proceed }) => {
            const answer = await proceed();
            if (
              operation === "exchange" &&
              (params as { claim?: unknown }).claim !== undefined &&
              (answer as { claimed: readonly unknown[] }).claimed.length > 0
            ) {
              held();
              await new Promise<void>((resolve) => (release = resolve));
            }
            return answer;
          });
        });
        await worker.start();
        await isHeld;
        const stopping = worker.stop({ timeoutMs: 0 });
        await stage.process.events.first("worker.stopping");
        release();
        await stopping;
        expect.match(await client.inspect.getJob({ jobId: `${chain.id}:0` }), {
          status: "ready",
          attempt: 0,
          workerId: null,
        });
        expect.equal(started, [], "no handler has begun");
      },
    ),

    defineBehaviour(
      "G P3: a handler that will not stop is left behind: its job is ready again, and what it returns is refused",
      async (stage, expect) => {
        const gate = stage.gate();
        const { client, worker } = await openWorker(stage, {}, async ({ job }) => {
          if (job.attempt === 1 && gate.arrivedCount === 0) await gate.pass();
          return `from ${job.token}`;
        });
        const chain = await client.startChain({ tx: "autocommit", type: "work", input: 1 });
        await gate.arrived();
        await worker.stop({ timeoutMs: 0 });
        expect.match(await client.inspect.getJob({ jobId: `${chain.id}:0` }), {
          status: "ready",
          attempt: 0,
        });
        expect.match(stage.process.events.named("attempt.ended"), [{ outcome: "released" }]);
        gate.open();
        const heir = createWorker(client, {
          ...soon,
          handlers: { work: async () => "from the heir" },
        });
        await stage.use(heir).start();
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "from the heir");
        expect.equal(stage.process.events.named("chain.closed").length, 1);
      },
    ),

    defineBehaviour(
      "G: a commit that is under way at the deadline is waited for",
      async (stage, expect) => {
        const gate = stage.gate();
        const { client, worker } = await openWorker(stage, {}, async ({ commit }) =>
          commit(async () => {
            await gate.pass();
            return "committed";
          }),
        );
        const chain = await client.startChain({ tx: "autocommit", type: "work", input: 1 });
        await gate.arrived();
        const stopping = worker.stop({ timeoutMs: 0 });
        await stage.process.events.first("attempt.aborted");
        gate.open();
        await stopping;
        expect.match(await client.getChain({ chain }), {
          status: "completed",
          output: "committed",
        });
      },
    ),

    defineBehaviour(
      "G: stop comes to an end although the database is away, and others take over when the lease is over",
      async (stage, expect) => {
        const gate = stage.gate();
        const { client, worker } = await openWorker(stage, {}, async () => {
          await gate.pass();
          return "finished";
        });
        const chain = await client.startChain({ tx: "autocommit", type: "work", input: 1 });
        await gate.arrived();
        const recover = stage.process.store.intercept(async () => {
          throw away();
        });
        gate.open();
        await worker.stop({ timeoutMs: 50 });
        recover();
        expect.match(await client.getChain({ chain }), { status: "open" });
        const heir = createWorker(client, {
          ...soon,
          leaseMs: 1_000,
          handlers: { work: async ({ job }) => `attempt ${job.attempt}` },
        });
        await stage.use(heir).start();
        stage.clock.advance(1_001);
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "attempt 2");
      },
    ),

    defineBehaviour(
      "G: a worker whose lease ran out while it stops still offers what it has, and does not wait for its deadline",
      async (stage, expect) => {
        const gate = stage.gate();
        const { client, worker } = await openWorker(stage, {}, async () => {
          await gate.pass();
          return "finished";
        });
        const chain = await client.startChain({ tx: "autocommit", type: "work", input: 1 });
        await gate.arrived();
        const stopping = worker.stop({ timeoutMs: 3_600_000 });
        await stage.process.events.first("worker.stopping");
        let failures = 0;
        stage.process.store.intercept(async ({ operation, proceed }) => {
          if (operation !== "exchange" || failures > 0) return proceed();
          // The outcome finds no database; when there is one again, the lease is over.
          failures++;
          stage.clock.advance(1_001);
          throw away();
        });
        gate.open();
        await stopping;
        expect.equal(failures, 1);
        expect.match(await client.getChain({ chain }), { status: "completed", output: "finished" });
      },
    ),

    defineBehaviour(
      "G: a start without a database is refused, and may be repeated",
      async (stage, expect) => {
        const { client, worker } = await openWorker(
          stage,
          { isStarted: false },
          async () => "done",
        );
        const recover = stage.process.store.intercept(async () => {
          throw away();
        });
        await expect.rejects(worker.start(), "STORE_UNAVAILABLE");
        recover();
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "work", input: 1 });
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "done");
      },
    ),

    defineBehaviour(
      "G: drain runs everything that is due, continuations and retries included, and does not wait for schedules",
      async (stage, expect) => {
        const { client, worker } = await openWorker(stage, {}, async ({ job, continueWith }) => {
          if (job.attempt === 1 && job.input % 5 === 0) throw new Error("once");
          return job.input % 2 === 0 ? continueWith({ type: "next" }) : "odd";
        });
        const chains = await client.startChains({
          tx: "autocommit",
          chains: Array.from({ length: 100 }, (_, input) => ({ type: "work" as const, input })),
        });
        const later = await client.startChain({
          tx: "autocommit",
          type: "work",
          input: 1,
          delayMs: 1,
        });
        await worker.drain();
        expect.equal(
          (await client.inspect.countChains({ statuses: ["completed"] })).count,
          chains.length,
        );
        expect.match(await client.getChain({ chain: later }), { status: "open" });
        await worker.drain({ timeoutMs: 1_000 });
      },
    ),

    defineBehaviour(
      "G: drain waits for what another worker runs, since that may make work for this one",
      async (stage, expect) => {
        const gate = stage.gate();
        const types = defineJobTypes<{
          first: { entry: true; continueWith: "second" };
          second: { output: string };
        }>();
        const other = stage.use(
          await createClient({ jobTypes: types, ...(await stage.openProcess()).ports }),
        );
        const client = stage.use(await createClient({ jobTypes: types, ...stage.process.ports }));
        const busy = createWorker(other, {
          ...soon,
          handlers: {
            first: async ({ continueWith }) => continueWith({ type: "second" }),
            second: async () => {
              await gate.pass();
              return "from the other";
            },
          },
        });
        await stage.use(busy).start();
        const chain = await client.startChain({ tx: "autocommit", type: "first" });
        await gate.arrived();
        const worker = stage.use(
          createWorker(client, { ...soon, handlers: { second: async () => "from this one" } }),
        );
        await worker.start();
        let isDrained = false;
        const draining = worker.drain().then(() => (isDrained = true));
        await stage.process.store.next("stats");
        expect.equal(isDrained, false);
        gate.open();
        await draining;
        expect.match(await client.getChain({ chain }), { status: "completed" });
      },
    ),

    defineBehaviour("G: drain gives up after its time and stops nothing", async (stage, expect) => {
      const gate = stage.gate();
      const { client, worker } = await openWorker(stage, {}, async () => {
        await gate.pass();
        return "finished";
      });
      const chain = await client.startChain({ tx: "autocommit", type: "work", input: 1 });
      await gate.arrived();
      await expect.rejects(worker.drain({ timeoutMs: 20 }), "DRAIN_TIMEOUT", { timeoutMs: 20 });
      gate.open();
      expect.equal((await client.awaitChain({ chain, ...soon })).output, "finished");
    }),

    defineBehaviour(
      "G: after stop the worker is silent: no call, no listener",
      async (stage, expect) => {
        const { worker } = await openWorker(stage, {}, async () => "done");
        await worker.drain();
        await worker.stop();
        const calls = () =>
          ["exchange", "renew", "reap", "promote", "stats"].map((operation) =>
            stage.process.store.count(operation),
          );
        const before = calls();
        // Several polls of another worker go by.
        const other = await openWorker(stage, {}, async () => "done", await stage.openProcess());
        for (let poll = 0; poll < 3; poll++) await other.process.store.next("exchange");
        expect.equal(calls(), before);
      },
    ),
  ],
};

/** The handler of "work": as much of its arguments as these cases use. */
type Work = (handler: {
  readonly job: Job<"work", number>;
  readonly commit: (run: (tx: unknown) => Promise<string>) => Promise<Settled>;
  readonly continueWith: (next: { type: "next" }) => Continuation<"next">;
}) => Promise<string | Settled | Continuation<"next">>;

async function openWorker(
  stage: Stage,
  options: { concurrency?: number; isStarted?: boolean },
  work: Work,
  process: Process = stage.process,
) {
  const client = stage.use(await createClient({ jobTypes, ...process.ports }));
  const { isStarted = true, ...workerOptions } = options;
  const worker = stage.use(
    createWorker(client, {
      ...soon,
      leaseMs: 1_000,
      retry: { backoff: { initialMs: 0 } },
      ...workerOptions,
      handlers: { work, next: async () => "next" },
    }),
  );
  if (isStarted) await worker.start();
  return { client, worker, process };
}
