import { createClient, createWorker, defineJobTypes, type Telemetry } from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { caught, UserError } from "./support/caught.ts";
import { defineBehaviour, soon } from "./support/stage.ts";
import { createTraceLog } from "./support/trace-log.ts";

const jobTypes = defineJobTypes<{
  first: { entry: true; continueWith: "second" };
  second: { output: string };
  after: { entry: true; blockers: { first: "first" } };
}>();

const quiet = { first: async () => Promise.reject(new UserError()) } as const;

export const telemetry: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "telemetry",
  cases: [
    defineBehaviour(
      "P6: a call is told once its transaction has committed, with its events, and never when it rolled back",
      async (stage, expect) => {
        const log = createTraceLog();
        const client = stage.use(
          await createClient({ jobTypes, ...stage.process.ports, telemetry: log.telemetry }),
        );
        await caught(
          client.transaction(async (tx) => {
            await client.startChain({ tx, type: "first" });
            throw new UserError();
          }),
        );
        await client.transaction(async (tx) => {
          await client.startChains({ tx, chains: [{ type: "first" }, { type: "first" }] });
          await caught(
            client.savepoint({ tx }, async () => {
              await client.startChain({ tx, type: "first" });
              throw new UserError();
            }),
          );
          expect.equal(
            log.calls.map(({ told }) => told.length),
            [0, 0, 0],
            "nothing is told before the commit",
          );
        });
        await client.startChain({ tx: "autocommit", type: "first" });
        expect.equal(
          log.calls.map(({ end, told }) => [end, told]),
          [
            ["returned", []],
            ["returned", [["chain.started", "chain.started"]]],
            ["returned", []],
            ["returned", [["chain.started"]]],
          ],
        );
        expect.equal(log.others, [], "and to nobody else");
      },
    ),

    defineBehaviour(
      "P6: a call that throws is told so, one that changes nothing has no events",
      async (stage, expect) => {
        const log = createTraceLog();
        const client = stage.use(
          await createClient({ jobTypes, ...stage.process.ports, telemetry: log.telemetry }),
        );
        const nowhere = { id: "01890000-0000-7000-8000-000000000000", type: "first" } as const;
        await caught(
          client.startChain({ tx: "autocommit", type: "after", blockers: { first: nowhere } }),
        );
        await client.cancel({ tx: "autocommit", chainIds: [nowhere.id] });
        await caught(client.awaitChain({ chain: nowhere }));
        expect.match(
          log.calls.map(({ call, end, told }) => [call.name, end, told]),
          [
            ["startChains", "threw", []],
            ["cancel", "returned", [[]]],
            ["awaitChain", "threw", []],
          ],
        );
      },
    ),

    defineBehaviour(
      "P6: a start that nobody can observe is told by its first claim, with the time of the start",
      async (stage, expect) => {
        const log = createTraceLog();
        const { ports } = stage.process;
        const client = stage.use(
          await createClient({ jobTypes, ...ports, telemetry: log.telemetry }),
        );
        const startedAtMs = stage.clock.now();
        const chain = await ports.state.transaction(async (tx) =>
          client.startChain({ tx, type: "first" }),
        );
        stage.clock.advance(1_000);
        const worker = stage.use(createWorker(client, { ...soon, handlers: quiet }));
        await worker.start();
        await stage.process.events.first("attempt.started");
        expect.match(log.calls, [{ call: { isObserved: false }, told: [] }]);
        expect.match(
          log.others.filter(({ name }) => name === "chain.started"),
          [
            {
              chainId: chain.id,
              isDeferred: true,
              startedAtMs,
              traceContext: "created first by startChains",
            },
          ],
        );
      },
    ),

    ...[false, true].map((isCommitted) =>
      defineBehaviour(
        `P6: an attempt hears of its own end and of what came of it, ${isCommitted ? "by commit" : "by return"}`,
        async (stage, expect) => {
          const log = createTraceLog();
          const client = stage.use(
            await createClient({ jobTypes, ...stage.process.ports, telemetry: log.telemetry }),
          );
          const first = await client.startChain({ tx: "autocommit", type: "first" });
          const after = await client.startChain({
            tx: "autocommit",
            type: "after",
            blockers: { first },
          });
          const worker = stage.use(
            createWorker(client, {
              ...soon,
              retry: { backoff: { initialMs: 0 } },
              handlers: {
                first: async ({ job, commit, continueWith }) => {
                  if (job.attempt === 1) throw new UserError();
                  const next = continueWith({ type: "second" });
                  return isCommitted ? commit(async () => next) : next;
                },
                second: async ({ commit }) => (isCommitted ? commit(async () => "end") : "end"),
                after: async () => {},
              },
            }),
          );
          stage.clock.advance(500);
          await worker.start();
          await client.awaitChain({ chain: after, ...soon });
          await worker.stop();
          const sorted = log.attempts.map(({ attempt, settlings, told }) => [
            attempt.type,
            attempt.traceContext,
            settlings,
            told.toSorted(),
          ]);
          expect.equal(sorted, [
            [
              "first",
              "created first by startChains",
              ["retried"],
              ["attempt.ended", "attempt.started"],
            ],
            [
              "first",
              "retried by attempt 1",
              ["continued"],
              ["attempt.ended", "attempt.started", "job.continued"],
            ],
            [
              "second",
              "created second by attempt",
              ["completed"],
              ["attempt.ended", "attempt.started", "chain.closed", "job.unblocked"],
            ],
            [
              "after",
              "created after by startChains",
              ["completed"],
              ["attempt.ended", "attempt.started", "chain.closed"],
            ],
          ]);
          expect.match(log.attempts.at(-1)!.attempt.blockers, [
            {
              slot: "first",
              chainId: first.id,
              chainType: "first",
              traceContext: "completed by attempt 1",
              closedAt: new Date(stage.clock.now()),
            },
          ]);
        },
      ),
    ),

    defineBehaviour(
      "P6: a commit that rolls back tells its attempt nothing of what it would have done",
      async (stage, expect) => {
        const log = createTraceLog();
        const client = stage.use(
          await createClient({ jobTypes, ...stage.process.ports, telemetry: log.telemetry }),
        );
        await client.startChain({ tx: "autocommit", type: "first" });
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { maxAttempts: 1 },
            handlers: {
              first: async ({ commit }) =>
                commit(async (tx) => {
                  await client.startChain({ tx, type: "first" });
                  throw new UserError();
                }),
            },
          }),
        );
        await worker.start();
        await stage.process.events.first("chain.closed");
        expect.match(log.attempts, [
          { settlings: ["failed"], told: ["attempt.started", "attempt.ended", "chain.closed"] },
        ]);
        expect.match(
          log.calls.map(({ told }) => told),
          [[["chain.started"]], []],
        );
      },
    ),

    defineBehaviour(
      "P6: a chain that ends without a worker stores what its call gives",
      async (stage, expect) => {
        const log = createTraceLog();
        const { ports } = stage.process;
        const client = stage.use(
          await createClient({ jobTypes, ...ports, telemetry: log.telemetry }),
        );
        const second = { type: "second" } as const;
        const chain = await client.startChain({ tx: "autocommit", type: "first" });
        await client.completeChain({
          tx: "autocommit",
          chain,
          type: "first",
          continueWith: second,
        });
        const jobs = await ports.state.getJobs({
          tx: undefined,
          keys: [0, 1].map((chainIndex) => ({ chainId: chain.id, chainIndex })),
        });
        expect.equal(
          jobs.map((job) => job?.traceContext),
          ["ended by completeChain", "created second by completeChain"],
        );
        expect.match(log.calls.at(-1)!.told, [["job.completedWithoutWorker", "job.continued"]]);
        await client.completeChain({
          tx: "autocommit",
          chain,
          type: "first",
          continueWith: second,
        });
        expect.match(log.calls.at(-1), { end: "returned", told: [[]] }, "nothing was changed");
      },
    ),

    defineBehaviour("P6: telemetry that throws fails nothing", async (stage, expect) => {
      const log = createTraceLog();
      const explode = (): never => {
        throw new UserError();
      };
      const throwing: Telemetry = {
        ...log.telemetry,
        record: explode,
        beginCall: (call) => ({ ...log.telemetry.beginCall(call)!, record: explode }),
        beginAttempt: (attempt) => ({ ...log.telemetry.beginAttempt(attempt)!, record: explode }),
      };
      const client = stage.use(
        await createClient({ jobTypes, ...stage.process.ports, telemetry: throwing }),
      );
      const first = await client.startChain({ tx: "autocommit", type: "first" });
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
      expect.match(await client.awaitChain({ chain: first, ...soon }), { output: "end" });
      expect.equal(log.claimedCount() > 0, true);
      expect.match(stage.process.events.named("callback.failed")[0], { callback: "subscriber" });
    }),
  ],
};
