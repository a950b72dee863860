import { createClient, createWorker, defineJobTypes } from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { Expect } from "../expect.ts";
import type { ConformanceStore } from "../fixture.ts";
import { caught } from "./support/caught.ts";
import {
  defineChannelBehaviour,
  eventually,
  soon,
  type Process,
  type Stage,
} from "./support/stage.ts";
import type { Interceptor } from "./support/tap.ts";

const jobTypes = defineJobTypes<{
  part: { entry: true; input: number; continueWith: "rest" };
  rest: { input: number; output: number };
  total: { entry: true; blockers: { parts: "part"[] }; output: number };
}>();

class ChannelDownError extends Error {}

const down: Interceptor = async () => {
  throw new ChannelDownError("The channel is down.");
};

export const notifyFaults: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "notify-faults",
  cases: [
    defineChannelBehaviour(
      "P7: losing every wake-up changes nothing but latency",
      async (stage, expect) => {
        await runStory(stage, expect, async ({ operation, proceed }) =>
          operation === "publish" ? undefined : proceed(),
        );
      },
    ),

    defineChannelBehaviour(
      "P7: losing every other wake-up changes nothing but latency",
      async (stage, expect) => {
        let count = 0;
        await runStory(stage, expect, async ({ operation, proceed }) =>
          operation === "publish" && count++ % 2 === 0 ? undefined : proceed(),
        );
      },
    ),

    defineChannelBehaviour(
      "P7: wake-ups that come twice run nothing twice",
      async (stage, expect) => {
        await runStory(stage, expect, async ({ operation, proceed }) => {
          if (operation === "publish") await proceed();
          return proceed();
        });
      },
    ),

    defineChannelBehaviour(
      "P7: wake-ups that come late, in another order, run nothing twice",
      async (stage, expect) => {
        let late: (() => Promise<unknown>)[] = [];
        await runStory(stage, expect, async ({ operation, proceed }) => {
          if (operation !== "publish") return proceed();
          late.unshift(proceed);
          if (late.length < 3) return undefined;
          const due = late;
          late = [];
          for (const publish of due) await publish();
          return undefined;
        });
      },
    ),

    defineChannelBehaviour(
      "P7: a publish that never ends holds up nobody",
      async (stage, expect) => {
        await runStory(stage, expect, ({ operation, proceed }) =>
          operation === "publish" ? new Promise(() => {}) : proceed(),
        );
      },
    ),

    defineChannelBehaviour(
      "P7: a channel that is down at publish is told once, and once when it is back",
      async (stage, expect) => {
        const { events, channel } = stage.process;
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const start = () => client.startChain({ tx: "autocommit", type: "part", input: 1 });
        for (let outage = 1; outage <= 2; outage++) {
          const recover = channel.intercept(down);
          for (let index = 0; index < 3; index++) await start();
          await eventually(() => events.named("notify.unavailable").length === outage);
          recover();
          for (let index = 0; index < 3; index++) await start();
          await eventually(() => events.named("notify.recovered").length === outage);
        }
        expect.ok(
          events
            .named("notify.unavailable")
            .every(({ error }) => error instanceof ChannelDownError),
          "with its error",
        );
        expect.equal(
          events.names().filter((name) => name.startsWith("notify.")),
          ["notify.unavailable", "notify.recovered", "notify.unavailable", "notify.recovered"],
        );
        expect.equal((await client.inspect.countChains()).count, 12);
      },
    ),

    defineChannelBehaviour(
      "P7: a channel that is down from the start is told once, and the work is done by polling",
      async (stage, expect) => {
        stage.process.channel.intercept(down);
        const { client, total } = await startStory(stage, [stage.process]);
        expect.equal((await client.awaitChain({ chain: total, ...soon })).output, 10);
        expect.equal(stage.process.events.named("notify.unavailable").length, 1);
        expect.equal(stage.process.events.named("notify.recovered").length, 0);
      },
    ),

    defineChannelBehaviour(
      "P7: a subscription that never comes about holds up neither a worker nor a wait",
      async (stage, expect) => {
        stage.process.channel.intercept(({ operation, proceed }) =>
          operation === "subscribe" ? new Promise(() => {}) : proceed(),
        );
        const { client, total } = await startStory(stage, [stage.process]);
        expect.equal((await client.awaitChain({ chain: total, ...soon })).output, 10);
      },
    ),

    defineChannelBehaviour(
      "P7: a subscription that cannot be closed keeps neither a stop nor a wait from ending",
      async (stage, expect) => {
        stage.process.channel.intercept(async ({ operation, proceed }) => {
          const answer = await proceed();
          if (operation !== "subscribe") return answer;
          return {
            close: async () => {
              await (answer as { close(): Promise<void> }).close();
              throw new ChannelDownError("It cannot be closed.");
            },
          };
        });
        const { client, total, workers } = await startStory(stage, [stage.process]);
        expect.equal((await client.awaitChain({ chain: total, ...soon })).output, 10);
        expect.match(
          await caught(
            client.awaitChain({
              chain: { id: "0193e5f0-0000-7000-8000-000000000099", type: "part" },
            }),
          ),
          { code: "CHAIN_NOT_FOUND" },
        );
        for (const worker of workers) await worker.stop();
        expect.equal(stage.process.events.names().at(-1), "worker.stopped");
      },
    ),

    defineChannelBehaviour(
      "P7: wake-ups without a reason cost a look and run nothing",
      async (stage, expect) => {
        const { client, total, workers } = await startStory(stage, [stage.process]);
        await client.awaitChain({ chain: total, ...soon });
        const topics = [
          { kind: "type", type: "part" },
          { kind: "chain", chainId: total.id },
          { kind: "worker", workerId: workers[0]!.id },
        ] as const;
        const started = stage.process.events.named("attempt.started").length;
        const looked = stage.process.store.next("exchange");
        for (let index = 0; index < 20; index++) await stage.process.ports.notify!.publish(topics);
        await looked;
        await workers[0]!.drain();
        expect.equal(stage.process.events.named("attempt.started").length, started);
      },
    ),
  ],
};

/** Runs the same story in two processes whose channel has a fault, and checks that its result is the same, each job run once. */
async function runStory(stage: Stage, expect: Expect, fault: Interceptor): Promise<void> {
  const processes = [stage.process, await stage.openProcess()];
  for (const { channel } of processes) channel.intercept(fault);
  const { client, total, runs } = await startStory(stage, processes);
  expect.equal((await client.awaitChain({ chain: total, ...soon })).output, 10);
  expect.equal(runs.toSorted(), [...new Set(runs)].toSorted(), "no job ran twice");
  expect.equal(runs.length, 9);
  expect.equal(processes.flatMap(({ events }) => events.named("chain.closed")).length, 5);
}

/** Four chains of two jobs, and one that waits for them; the two halves of a chain run in different workers. */
async function startStory(stage: Stage, processes: readonly Process[]) {
  const runs: string[] = [];
  const clients = await Promise.all(
    processes.map(async ({ ports }) => stage.use(await createClient({ jobTypes, ...ports }))),
  );
  const workers = [
    createWorker(clients[0]!, {
      ...soon,
      handlers: {
        part: async ({ job, continueWith }) => {
          runs.push(job.id);
          return continueWith({ type: "rest", input: job.input });
        },
        total: async ({ job }) => {
          runs.push(job.id);
          return job.blockers.parts.reduce((sum, { output }) => sum + output, 0);
        },
      },
    }),
    createWorker(clients.at(-1)!, {
      ...soon,
      handlers: {
        rest: async ({ job }) => {
          runs.push(job.id);
          return job.input;
        },
      },
    }),
  ];
  for (const worker of workers) await stage.use(worker).start();
  const client = clients[0]!;
  const total = await client.transaction(async (tx) => {
    const parts = await client.startChains({
      tx,
      chains: [1, 2, 3, 4].map((input) => ({ type: "part" as const, input })),
    });
    return client.startChain({ tx, type: "total", blockers: { parts } });
  });
  return { client, total, workers, runs };
}
