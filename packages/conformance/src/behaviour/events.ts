import { createClient, createWorker, defineJobTypes, type EmittedEvent } from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { UserError } from "./support/caught.ts";
import { defineBehaviour, soon } from "./support/stage.ts";
import { withoutUnhandledRejections } from "./support/unhandled.ts";

const jobTypes = defineJobTypes<{
  first: { entry: true; continueWith: "second" };
  second: { output: string };
  after: { entry: true; blockers: { first: "first" } };
}>();

export const events: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "events",
  cases: [
    defineBehaviour(
      "P6: a chain's story is told in order, with names, times and who did it",
      async (stage, expect) => {
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const log = stage.process.events;
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            name: "teller",
            concurrency: 4,
            handlers: {
              first: async ({ continueWith }) => continueWith({ type: "second" }),
              second: async () => "end",
              after: async () => {},
            },
          }),
        );
        const first = await client.startChain({ tx: "autocommit", type: "first" });
        const after = await client.startChain({
          tx: "autocommit",
          type: "after",
          blockers: { first },
        });
        stage.clock.advance(250);
        await worker.start();
        await client.awaitChain({ chain: after, ...soon });
        await worker.stop();
        const chain = { chainId: first.id, chainType: "first" };
        const workerId = worker.id;
        expect.match(log.all, [
          { name: "chain.started", ...chain, jobStatus: "ready", isDeferred: false },
          {
            name: "chain.started",
            chainId: after.id,
            chainType: "after",
            jobStatus: "blocked",
            isDeferred: false,
          },
          {
            name: "worker.started",
            workerId,
            workerName: "teller",
            types: ["first", "second", "after"],
            concurrency: 4,
          },
          {
            name: "attempt.started",
            ...chain,
            jobId: `${first.id}:0`,
            type: "first",
            attempt: 1,
            workerId,
            waitMs: 250,
          },
          {
            name: "attempt.ended",
            jobId: `${first.id}:0`,
            type: "first",
            attempt: 1,
            workerId,
            outcome: "continued",
          },
          {
            name: "job.continued",
            ...chain,
            jobId: `${first.id}:0`,
            type: "first",
            nextType: "second",
            nextJobId: `${first.id}:1`,
          },
          {
            name: "attempt.started",
            ...chain,
            jobId: `${first.id}:1`,
            type: "second",
            attempt: 1,
            workerId,
          },
          { name: "attempt.ended", jobId: `${first.id}:1`, outcome: "completed" },
          { name: "chain.closed", ...chain, status: "completed" },
          { name: "job.unblocked", jobId: `${after.id}:0`, chainId: after.id, type: "after" },
          { name: "attempt.started", jobId: `${after.id}:0`, workerId },
          { name: "attempt.ended", jobId: `${after.id}:0`, outcome: "completed" },
          { name: "chain.closed", chainId: after.id, status: "completed" },
          { name: "worker.stopping", workerId, runningCount: 0 },
          { name: "worker.stopped", workerId },
        ]);
        expect.ok(
          log.all.every(({ atMs }, index) => atMs > 0 && atMs >= (log.all[index - 1]?.atMs ?? 0)),
          "with the times of the process",
        );
        expect.ok(
          log.named("attempt.ended").every(({ durationMs }) => durationMs >= 0),
          "with durations",
        );
      },
    ),

    defineBehaviour(
      "P6: a commit tells the same as a plain return, once each",
      async (stage, expect) => {
        const told: string[][] = [];
        for (const isCommitted of [false, true]) {
          const process = await stage.openProcess();
          const client = stage.use(await createClient({ jobTypes, ...process.ports }));
          const worker = stage.use(
            createWorker(client, {
              ...soon,
              handlers: {
                first: async ({ commit, continueWith }) =>
                  isCommitted
                    ? commit(async () => continueWith({ type: "second" }))
                    : continueWith({ type: "second" }),
                second: async ({ commit }) => (isCommitted ? commit(async () => "end") : "end"),
                after: async () => {},
              },
            }),
          );
          const first = await client.startChain({ tx: "autocommit", type: "first" });
          const after = await client.startChain({
            tx: "autocommit",
            type: "after",
            blockers: { first },
          });
          await worker.start();
          await client.awaitChain({ chain: after, ...soon });
          await worker.stop();
          told.push(
            process.events.all
              .map(
                (event) =>
                  `${event.name} ${"type" in event ? event.type : ""} ${"outcome" in event ? event.outcome : ""}`,
              )
              .toSorted(),
          );
        }
        expect.equal(told[1], told[0]);
      },
    ),

    defineBehaviour(
      "P6: an attempt that fails tells its error and its next time, and at last that the chain failed",
      async (stage, expect) => {
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const error = new UserError();
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { maxAttempts: 2, backoff: { initialMs: 0 } },
            handlers: {
              first: async () => {
                throw error;
              },
            },
          }),
        );
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "first" });
        const log = stage.process.events;
        await log.first("chain.closed");
        expect.match(log.all.slice(2), [
          { name: "attempt.started", attempt: 1 },
          { name: "attempt.ended", attempt: 1, outcome: "retried", retryInMs: 0 },
          { name: "attempt.started", attempt: 2 },
          { name: "attempt.ended", attempt: 2, outcome: "failed" },
          { name: "chain.closed", chainId: chain.id, status: "failed" },
        ]);
        expect.ok(
          log.named("attempt.ended").every((event) => event.error === error),
          "the error is what the handler threw",
        );
      },
    ),

    defineBehaviour(
      "P6: a subscriber that throws hurts nobody, and the others are told of it",
      async (stage, expect) => {
        const seen: EmittedEvent[][] = [[], []];
        const broken = (): void => {
          throw new UserError("a broken subscriber");
        };
        const client = stage.use(
          await createClient({
            jobTypes,
            ...stage.process.ports,
            events: [
              broken,
              (told) => seen[0]!.push(...told),
              broken,
              (told) => seen[1]!.push(...told),
            ],
          }),
        );
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              first: async ({ continueWith }) => continueWith({ type: "second" }),
              second: async () => "end",
            },
          }),
        );
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "first" });
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "end");
        await worker.stop();
        for (const told of seen) {
          const names = new Set(told.map(({ name }) => name));
          expect.ok(
            names.has("chain.closed") && names.has("worker.stopped"),
            "the others hear everything",
          );
          expect.match(
            told.find(({ name }) => name === "callback.failed"),
            { callback: "subscriber", error: { message: "a broken subscriber" } },
          );
        }
      },
    ),

    defineBehaviour(
      "P6: a subscriber whose promise rejects ends nobody's process",
      async (stage, expect) => {
        const broken = async (): Promise<void> => {
          throw new UserError("a broken promise");
        };
        const client = stage.use(
          await createClient({ jobTypes, ...stage.process.ports, events: [broken] }),
        );
        await withoutUnhandledRejections(async () => {
          await client.startChain({ tx: "autocommit", type: "first" });
        });
        expect.equal((await client.inspect.countChains()).count, 1);
      },
    ),

    defineBehaviour("P6: without subscribers all goes the same", async (stage, expect) => {
      const { state, notify } = stage.process.ports;
      const client = stage.use(await createClient({ jobTypes, state, notify }));
      const worker = stage.use(
        createWorker(client, {
          ...soon,
          handlers: {
            first: async ({ continueWith }) => continueWith({ type: "second" }),
            second: async () => "end",
          },
        }),
      );
      await worker.start();
      const chain = await client.startChain({ tx: "autocommit", type: "first" });
      expect.equal((await client.awaitChain({ chain, ...soon })).output, "end");
    }),
  ],
};
