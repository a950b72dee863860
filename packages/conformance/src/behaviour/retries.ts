import {
  createClient,
  createWorker,
  defineJobTypes,
  json,
  UnrecoverableError,
  type RetryPolicy,
} from "queuert";
import type { ExchangeParams } from "queuert/adapter";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { UserError } from "./support/caught.ts";
import { isoDate } from "./support/schemas.ts";
import { defineBehaviour, eventually, soon, type Stage } from "./support/stage.ts";

const jobTypes = defineJobTypes<{ work: { entry: true; output: number } }>();

class OutOfStockError extends UnrecoverableError {}

export const retries: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "retries",
  cases: [
    defineBehaviour(
      "P4: a job is tried maxAttempts times, then fails its chain, and every attempt is kept",
      async (stage, expect) => {
        const { client, start, runs } = await openFailing(stage, {
          retry: { maxAttempts: 3, backoff: { initialMs: 0 } },
        });
        const chain = await start();
        await expect.rejects(client.awaitChain({ chain, ...soon }), "CHAIN_FAILED", {
          jobId: `${chain.id}:0`,
        });
        expect.equal(runs, [1, 2, 3]);
        const attempts = await client.inspect.listAttempts({ jobId: `${chain.id}:0` });
        expect.equal(
          attempts.map(({ attempt, outcome, error }) => [attempt, outcome, error?.message]),
          [
            [1, "retried", "failure 1"],
            [2, "retried", "failure 2"],
            [3, "failed", "failure 3"],
          ],
        );
        expect.match(await client.getChain({ chain }), {
          status: "failed",
          error: { name: "UserError", message: "failure 3" },
        });
      },
    ),

    defineBehaviour(
      "P8: the backoff grows by its factor up to its limit, by the database's clock",
      async (stage, expect) => {
        const { client, start, runs } = await openFailing(stage, {
          retry: { backoff: { initialMs: 1_000, factor: 3, maxMs: 5_000, jitter: 0 } },
        });
        const { events } = stage.process;
        const chain = await start();
        for (const [index, delayMs] of [1_000, 3_000, 5_000, 5_000].entries()) {
          await events.until(() => events.named("attempt.ended").length === index + 1);
          expect.match(events.named("attempt.ended").at(-1), {
            outcome: "retried",
            retryInMs: delayMs,
          });
          expect.match(await client.inspect.getJob({ jobId: `${chain.id}:0` }), {
            status: "scheduled",
            scheduledAt: new Date(stage.clock.now() + delayMs),
          });
          stage.clock.advance(delayMs - 1);
          await stage.process.store.next(
            "exchange",
            ({ claim }: ExchangeParams) => claim !== undefined,
          );
          expect.equal(runs.length, index + 1, "not a ms too early");
          stage.clock.advance(1);
        }
      },
    ),

    defineBehaviour(
      "D2: a backoff beyond all numbers is its limit, and a limit beyond all dates is a date",
      async (stage, expect) => {
        const { client, start } = await openFailing(stage, {
          retry: {
            backoff: {
              initialMs: 1e300,
              factor: 1e300,
              maxMs: Number.POSITIVE_INFINITY,
              jitter: 0,
            },
          },
        });
        const chain = await start();
        await stage.process.events.first("attempt.ended");
        const job = await client.inspect.getJob({ jobId: `${chain.id}:0` });
        expect.equal(job?.status, "scheduled");
        expect.ok(
          job !== undefined && job.scheduledAt.getTime() > stage.clock.now(),
          "it is scheduled for a valid time to come",
        );
        expect.match(await client.trigger({ tx: "autocommit", chainIds: [chain.id] }), [
          { outcome: "triggered" },
        ]);
      },
    ),

    defineBehaviour(
      "P4: by default a failure is tried again after about a second",
      async (stage, expect) => {
        const { start } = await openFailing(stage, {});
        await start();
        const { retryInMs } = await stage.process.events.first("attempt.ended");
        expect.ok(
          retryInMs !== undefined && retryInMs >= 750 && retryInMs <= 1_000,
          `it waits ${retryInMs} ms`,
        );
      },
    ),

    defineBehaviour(
      "P4: a handler's policy goes before the worker's, property by property",
      async (stage, expect) => {
        const types = defineJobTypes<{ own: { entry: true }; shared: { entry: true } }>();
        const client = stage.use(await createClient({ jobTypes: types, ...stage.process.ports }));
        const fail = async (): Promise<never> => {
          throw new UserError();
        };
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { maxAttempts: 2, backoff: { initialMs: 7_000, jitter: 0 } },
            handlers: {
              own: { retry: { backoff: { initialMs: 9_000 } }, handle: fail },
              shared: fail,
            },
          }),
        );
        await worker.start();
        await client.startChains({
          tx: "autocommit",
          chains: [{ type: "own" }, { type: "shared" }],
        });
        const { events } = stage.process;
        await events.until(() => events.named("attempt.ended").length === 2);
        const waits = events.named("attempt.ended").map(({ type, retryInMs }) => [type, retryInMs]);
        expect.sameMembers(waits, [
          ["own", 9_000],
          ["shared", 7_000],
        ]);
        stage.clock.advance(9_000);
        await events.until(() => events.named("chain.closed").length === 2);
        expect.equal(events.named("attempt.started").length, 4, "both have the worker's limit");
      },
    ),

    defineBehaviour(
      "P4: decide answers for each error: fail, retry after, or by the policy",
      async (stage, expect) => {
        const seen: unknown[] = [];
        const { start, client, runs } = await openFailing(stage, {
          retry: {
            backoff: { initialMs: 500, jitter: 0 },
            decide: (error, { attempt }) => {
              seen.push([(error as Error).message, attempt]);
              if (attempt === 1) return { retryAfterMs: 60_000 };
              return attempt === 2 ? undefined : attempt === 3 ? "retry" : "fail";
            },
          },
        });
        const { events } = stage.process;
        const chain = await start();
        for (const [index, delayMs] of [60_000, 1_000, 2_000].entries()) {
          await events.until(() => events.named("attempt.ended").length === index + 1);
          expect.equal(events.named("attempt.ended").at(-1)?.retryInMs, delayMs);
          stage.clock.advance(delayMs);
        }
        await expect.rejects(client.awaitChain({ chain, ...soon }), "CHAIN_FAILED");
        expect.equal(runs, [1, 2, 3, 4]);
        expect.equal(
          seen,
          [1, 2, 3, 4].map((attempt) => [`failure ${attempt}`, attempt]),
        );
      },
    ),

    defineBehaviour("D3: retryAfterMs does not go round maxAttempts", async (stage, expect) => {
      const { client, start, runs } = await openFailing(stage, {
        retry: { maxAttempts: 3, decide: () => ({ retryAfterMs: 0 }) },
      });
      const chain = await start();
      await expect.rejects(client.awaitChain({ chain, ...soon }), "CHAIN_FAILED");
      expect.equal(runs, [1, 2, 3]);
      expect.match(
        await client.inspect.getChain({ chainId: chain.id }),
        { error: { message: "failure 3" } },
        "it failed by its own error, at its last attempt",
      );
    }),

    defineBehaviour(
      "P4: a decide that answers with no number loses no job",
      async (stage, expect) => {
        for (const retryAfterMs of [Number.NaN, Number.POSITIVE_INFINITY, -5, 0.4]) {
          const process = await stage.openProcess();
          const client = stage.use(await createClient({ jobTypes, ...process.ports }));
          let isMended = false;
          const worker = stage.use(
            createWorker(client, {
              ...soon,
              retry: { decide: () => ({ retryAfterMs }) },
              handlers: {
                work: async () => {
                  if (isMended) return 1;
                  throw new UserError();
                },
              },
            }),
          );
          await worker.start();
          const chain = await client.startChain({ tx: "autocommit", type: "work" });
          await process.events.first("attempt.ended");
          isMended = true;
          await eventually(async () => {
            await client.trigger({ tx: "autocommit", chainIds: [chain.id] });
            return (await client.getChain({ chain }))?.status !== "open";
          });
          expect.match(
            await client.getChain({ chain }),
            { status: "completed" },
            `after retryAfterMs ${retryAfterMs}`,
          );
          await worker.stop();
        }
      },
    ),

    defineBehaviour(
      "P4: a decide that throws is told, and the policy decides without it",
      async (stage, expect) => {
        const { client, start, runs } = await openFailing(stage, {
          retry: {
            maxAttempts: 2,
            backoff: { initialMs: 0 },
            decide: () => {
              throw new UserError("decide fails");
            },
          },
        });
        await expect.rejects(client.awaitChain({ chain: await start(), ...soon }), "CHAIN_FAILED");
        expect.equal(runs, [1, 2]);
        expect.ok(
          stage.process.events.named("callback.failed").length === 2,
          "told at each failure",
        );
      },
    ),

    defineBehaviour(
      "P4: UnrecoverableError and its subclasses fail the job at once",
      async (stage, expect) => {
        for (const error of [
          new UnrecoverableError("It cannot be."),
          new OutOfStockError("Nothing left."),
        ]) {
          const process = await stage.openProcess();
          const client = stage.use(await createClient({ jobTypes, ...process.ports }));
          const worker = stage.use(
            createWorker(client, {
              ...soon,
              retry: { decide: () => "retry" },
              handlers: {
                work: async () => {
                  throw error;
                },
              },
            }),
          );
          await worker.start();
          const chain = await client.startChain({ tx: "autocommit", type: "work" });
          await expect.rejects(client.awaitChain({ chain, ...soon }), "CHAIN_FAILED");
          expect.match(await client.inspect.getJob({ jobId: `${chain.id}:0` }), {
            status: "failed",
            attempt: 1,
            error: { code: "UNRECOVERABLE", message: error.message },
          });
          await worker.stop();
        }
      },
    ),

    defineBehaviour(
      "P4: a job without a limit goes on, and the attempts that are kept stay bounded",
      async (stage, expect) => {
        const { client, start } = await openFailing(stage, {
          retry: { maxAttempts: Number.POSITIVE_INFINITY, backoff: { initialMs: 0 } },
          succeedAt: 60,
        });
        const chain = await start();
        expect.equal((await client.awaitChain({ chain, ...soon })).output, 60);
        const attempts = (await client.inspect.listAttempts({ jobId: `${chain.id}:0` })).map(
          ({ attempt }) => attempt,
        );
        expect.equal(attempts, [1, ...Array.from({ length: 24 }, (_, index) => 36 + index)]);
      },
    ),

    defineBehaviour(
      "E1 E2: whatever is thrown can be stored: NUL, lone surrogates, huge texts, circles, no errors at all",
      async (stage, expect) => {
        const circular = new Error("circular");
        circular.cause = circular;
        const hiding = Object.defineProperty(new Error("hiding"), "stack", {
          get() {
            throw new Error("a getter that throws");
          },
        });
        const thrown: readonly [string, unknown, (message: string) => boolean][] = [
          [
            "NUL and half a pair",
            new Error("a\u0000b\ud800c"),
            (message) => message === "a\u0000b\ud800c",
          ],
          [
            "a huge message",
            new Error("x".repeat(1_000_000)),
            (message) => message.startsWith("xxx") && message.length < 10_000,
          ],
          ["a circle of causes", circular, (message) => message === "circular"],
          ["a getter that throws", hiding, (message) => message === "hiding"],
          ["undefined", undefined, (message) => message === "undefined"],
          ["text", "just text", (message) => message === "just text"],
          ["an object", { reason: 1 }, (message) => message.includes("reason")],
          ["a symbol", Symbol("sign"), (message) => message.includes("sign")],
          ["an object without a prototype", Object.create(null), (message) => message.length > 0],
          ["a bigint", 5n, (message) => message === "5"],
        ];
        const types = defineJobTypes<{ work: { entry: true; input: number } }>();
        const client = stage.use(await createClient({ jobTypes: types, ...stage.process.ports }));
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { maxAttempts: 2, backoff: { initialMs: 0 } },
            handlers: {
              work: async ({ job }) => {
                throw thrown[job.input]![1];
              },
            },
          }),
        );
        await worker.start();
        for (const [index, [what, , fits]] of thrown.entries()) {
          const chain = await client.startChain({ tx: "autocommit", type: "work", input: index });
          await expect.rejects(client.awaitChain({ chain, ...soon }), "CHAIN_FAILED");
          const message =
            (await client.inspect.getChain({ chainId: chain.id }))?.error?.message ?? "";
          expect.ok(fits(message), `${what}: stored as ${JSON.stringify(message.slice(0, 100))}`);
        }
      },
    ),

    defineBehaviour(
      "D5: an input that cannot be decoded fails its own job and holds up no other",
      async (stage, expect) => {
        const writing = stage.use(
          await createClient({
            jobTypes: defineJobTypes<{ meet: { entry: true; input: string } }>(),
            ...stage.process.ports,
          }),
        );
        const reading = defineJobTypes({
          meet: { entry: true, input: isoDate, output: json<string>() },
        });
        const client = stage.use(await createClient({ jobTypes: reading, ...stage.process.ports }));
        let handled = 0;
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { maxAttempts: 1 },
            handlers: {
              meet: async ({ job }) => {
                handled++;
                return job.input.toISOString();
              },
            },
          }),
        );
        const invalid = await writing.startChain({
          tx: "autocommit",
          type: "meet",
          input: "no date",
        });
        const unreadable = "0193e5f0-0000-7000-8000-000000000001";
        await stage.process.ports.state.startChains({
          tx: undefined,
          chains: [
            {
              chainId: unreadable,
              type: "meet",
              input: "{not JSON",
              priority: 5,
              schedule: undefined,
              blockers: [],
              traceContext: undefined,
              deduplication: undefined,
              labels: {},
              isUnannounced: false,
            },
          ],
        });
        const good = await client.startChain({
          tx: "autocommit",
          type: "meet",
          input: "2026-01-01T00:00:00.000Z",
        });
        await worker.start();
        expect.equal(
          (await client.awaitChain({ chain: good, ...soon })).output,
          "2026-01-01T00:00:00.000Z",
        );
        for (const [chainId, code] of [
          [invalid.id, "VALUE_INVALID"],
          [unreadable, "VALUE_UNREADABLE"],
        ] as const) {
          await expect.rejects(
            client.awaitChain({ chain: { id: chainId, type: "meet" }, ...soon }),
            "CHAIN_FAILED",
          );
          expect.match(await client.inspect.getChain({ chainId }), { error: { code } });
        }
        expect.equal(handled, 1);
      },
    ),

    defineBehaviour("P4: redrive lets a job use all its attempts anew", async (stage, expect) => {
      const { client, start, runs } = await openFailing(stage, {
        retry: { maxAttempts: 2, backoff: { initialMs: 0 } },
      });
      const chain = await start();
      await expect.rejects(client.awaitChain({ chain, ...soon }), "CHAIN_FAILED");
      await client.redrive({ tx: "autocommit", chainIds: [chain.id] });
      await eventually(() => runs.length === 4);
      await expect.rejects(client.awaitChain({ chain, ...soon }), "CHAIN_FAILED");
      expect.equal(runs, [1, 2, 1, 2]);
    }),

    defineBehaviour(
      "P4: a limit that is none is refused before the worker begins",
      async (stage, expect) => {
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        for (const maxAttempts of [0, -1, 1.5, Number.NaN]) {
          const make = async () =>
            createWorker(client, { retry: { maxAttempts }, handlers: { work: async () => 1 } });
          await expect.rejects(make(), "OPTION_INVALID");
        }
      },
    ),
  ],
};

/** A worker whose handler fails, up to the attempt `succeedAt`. `runs`: the attempts that ran, in order. */
async function openFailing(stage: Stage, options: { retry?: RetryPolicy; succeedAt?: number }) {
  const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
  const runs: number[] = [];
  const worker = stage.use(
    createWorker(client, {
      ...soon,
      retry: options.retry,
      handlers: {
        work: async ({ job }) => {
          runs.push(job.attempt);
          if (job.attempt === options.succeedAt) return job.attempt;
          throw new UserError(`failure ${job.attempt}`);
        },
      },
    }),
  );
  await worker.start();
  return { client, runs, start: () => client.startChain({ tx: "autocommit", type: "work" }) };
}
