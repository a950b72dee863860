import { createClient, createWorker, defineJobTypes } from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { caught, codeOf, UserError } from "./support/caught.ts";
import { defineBehaviour, eventually, soon, type Stage } from "./support/stage.ts";

const jobTypes = defineJobTypes<{
  work: { entry: true; input: string; output: string };
  after: { entry: true; blockers: { work: "work" } };
}>();

export const transactions: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "transactions-and-hooks",
  cases: [
    defineBehaviour(
      "P1: chains of a transaction exist when it commits, and not before",
      async (stage, expect) => {
        const { client, work } = await openClient(stage);
        const [first, second] = await client.transaction(async (tx) => {
          const started = [await work(tx, "1"), await work(tx, "2")] as const;
          for (const chain of started)
            expect.equal(
              await client.getChain({ chain }),
              undefined,
              "it is not seen from outside before the commit",
            );
          return started;
        });
        for (const chain of [first, second])
          expect.match(await client.getChain({ chain }), { status: "open" });
      },
    ),

    defineBehaviour(
      "P1 P6: a rollback leaves no chain, no event, no effect, no wake-up, and throws the same error",
      async (stage, expect) => {
        const { client, work } = await openClient(stage);
        const effects: string[] = [];
        const error = new UserError();
        const thrown = await caught(
          client.transaction(async (tx) => {
            client.onCommit({ tx }, () => void effects.push("effect"));
            await work(tx, "1");
            throw error;
          }),
        );
        expect.ok(thrown === error, "the error is the user's own");
        expect.equal((await client.inspect.countChains()).count, 0);
        expect.equal(
          [stage.process.events.names(), effects, stage.process.channel.count("publish")],
          [[], [], 0],
        );
      },
    ),

    defineBehaviour(
      "P6: events and effects leave after the commit, in the order in which they were made",
      async (stage, expect) => {
        const { client, work } = await openClient(stage);
        const { events } = stage.process;
        const order: string[] = [];
        const isThereAt: boolean[] = [];
        const chain = await client.transaction(async (tx) => {
          client.onCommit({ tx }, () => void order.push("first"));
          const started = await work(tx, "1");
          client.onCommit({ tx }, async () => {
            isThereAt.push((await client.getChain({ chain: started })) !== undefined);
            order.push("second, awaited");
          });
          client.onCommit({ tx }, () => void order.push("third"));
          expect.equal([events.names(), order], [[], []], "nothing has left before the commit");
          return started;
        });
        expect.equal(
          order,
          ["first", "second, awaited", "third"],
          "transaction resolves after the effects",
        );
        expect.equal(isThereAt, [true]);
        expect.match(events.all, [
          {
            name: "chain.started",
            chainId: chain.id,
            chainType: "work",
            jobStatus: "ready",
            isDeferred: false,
          },
        ]);
      },
    ),

    defineBehaviour(
      "P6: an effect that throws undoes nothing, keeps no other from running, and is told",
      async (stage, expect) => {
        const { client, work } = await openClient(stage);
        const error = new UserError("The effect fails.");
        let hasRun = false;
        const chain = await client.transaction(async (tx) => {
          client.onCommit({ tx }, () => {
            throw error;
          });
          client.onCommit({ tx }, async () => {
            hasRun = true;
          });
          return work(tx, "1");
        });
        expect.match(await client.getChain({ chain }), { status: "open" });
        expect.ok(hasRun, "the other effect ran");
        const [failure] = stage.process.events.named("callback.failed");
        expect.ok(
          failure?.callback === "effect" && failure.error === error,
          "the failure is told with its error",
        );
      },
    ),

    defineBehaviour(
      "P6: a savepoint that rolls back takes its writes and signals with it, and nothing else",
      async (stage, expect) => {
        const { client, work } = await openClient(stage);
        const effects: string[] = [];
        const kept = await client.transaction(async (tx) => {
          const before = await work(tx, "before");
          const error = new UserError();
          const thrown = await caught(
            client.savepoint({ tx }, async () => {
              client.onCommit({ tx }, () => void effects.push("outer"));
              await work(tx, "outer");
              await client.savepoint({ tx }, async () => {
                client.onCommit({ tx }, () => void effects.push("inner"));
                await work(tx, "inner");
              });
              throw error;
            }),
          );
          expect.ok(thrown === error, "the savepoint throws the error on");
          const saved = await client.savepoint({ tx }, async () => {
            client.onCommit({ tx }, () => void effects.push("saved"));
            await caught(
              client.savepoint({ tx }, async () => {
                client.onCommit({ tx }, () => void effects.push("dropped"));
                await work(tx, "dropped");
                throw error;
              }),
            );
            return work(tx, "saved");
          });
          return [before.id, saved.id];
        });
        const { chains } = await client.inspect.listChains({ order: "oldest" });
        expect.equal(
          chains.map(({ chainId }) => chainId),
          kept,
        );
        expect.equal(effects, ["saved"]);
        expect.equal(
          stage.process.events.named("chain.started").map(({ chainId }) => chainId),
          kept,
        );
      },
    ),

    defineBehaviour(
      "P6: hooks send the signals of a transaction that is opened without the client",
      async (stage, expect) => {
        const { client, work } = await openClient(stage);
        const { events, ports } = stage.process;
        const effects: string[] = [];
        const chain = await client.withTransactionHooks(async (hooks) => {
          hooks.onCommit(() => void effects.push("effect"));
          const started = await ports.state.transaction(async (tx: unknown) => {
            const result = await client.startChain({ tx, hooks, type: "work", input: "1" });
            const thrown = await caught(
              hooks.savepoint(() =>
                ports.state.savepoint(tx, async () => {
                  await client.startChain({ tx, hooks, type: "work", input: "dropped" });
                  throw new UserError();
                }),
              ),
            );
            expect.ok(thrown instanceof UserError, "the savepoint throws the error on");
            // Of the client's savepoint, the hooks know by themselves.
            await caught(
              client.savepoint({ tx, hooks }, async () => {
                await client.startChain({ tx, hooks, type: "work", input: "dropped" });
                throw new UserError();
              }),
            );
            return result;
          });
          expect.equal([events.names(), effects], [[], []], "nothing leaves before the hooks end");
          return started;
        });
        expect.match(events.all, [{ name: "chain.started", chainId: chain.id, isDeferred: false }]);
        expect.equal(effects, ["effect"]);
        const worker = await startWorker(stage, client);
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "ran 1");
        expect.equal(events.named("chain.started").length, 1, "the claim announces nothing again");
        expect.equal((await client.inspect.countChains()).count, 1);
        await worker.stop();
        expect.equal(
          await caught(work(undefined as never, "x")).then(
            (error) => (error as { code?: string }).code,
          ),
          "TRANSACTION_INVALID",
        );
      },
    ),

    defineBehaviour(
      "P6: hooks of a transaction that failed send nothing, and refuse what comes later",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        const kept: { hooks?: Parameters<Parameters<typeof client.withTransactionHooks>[0]>[0] } =
          {};
        await caught(
          client.withTransactionHooks(async (hooks) => {
            kept.hooks = hooks;
            await stage.process.ports.state.transaction(async (tx: unknown) => {
              await client.startChain({ tx, hooks, type: "work", input: "1" });
              throw new UserError();
            });
          }),
        );
        expect.equal(stage.process.events.names(), []);
        expect.equal((await client.inspect.countChains()).count, 0);
        const late = stage.process.ports.state.transaction(async (tx: unknown) =>
          client.startChain({ tx, hooks: kept.hooks, type: "work", input: "late" }),
        );
        await expect.rejects(late, "TRANSACTION_INVALID");
      },
    ),

    defineBehaviour(
      "P6: hooks that have ended refuse, and the write with them",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        const hooks = await client.withTransactionHooks(async (given) => given);
        await expect.rejects(
          stage.process.ports.state.transaction(async (tx: unknown) =>
            client.startChain({ tx, hooks, type: "work", input: "late" }),
          ),
          "TRANSACTION_INVALID",
        );
        expect.equal(
          (await client.inspect.countChains()).count,
          0,
          "what nobody would announce is not written",
        );
        await expect.rejects(
          stage.process.ports.state.transaction(async (tx: unknown) =>
            client.startChain({ tx, hooks: {} as never, type: "work", input: "x" }),
          ),
          "TRANSACTION_INVALID",
        );
      },
    ),

    defineBehaviour(
      "P6: a start in a bare transaction is announced by its first claim, once",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        const { events, ports } = stage.process;
        const chain = await ports.state.transaction(async (tx: unknown) =>
          client.startChain({ tx, type: "work", input: "1" }),
        );
        expect.equal(events.names(), [], "nobody saw the commit");
        await expect.rejects(
          ports.state.transaction(async (tx: unknown) => client.onCommit({ tx }, () => {})),
          "TRANSACTION_INVALID",
        );
        await startWorker(stage, client, { failFirst: true });
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "ran 1");
        expect.match(events.named("chain.started"), [
          { chainId: chain.id, chainType: "work", isDeferred: true },
        ]);
        const names = events.names();
        expect.ok(
          names.indexOf("chain.started") < names.indexOf("attempt.started"),
          "the start is told before the attempt",
        );
      },
    ),

    defineBehaviour(
      "P1 P6: a bare transaction that rolls back is never announced",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        const worker = await startWorker(stage, client);
        await caught(
          stage.process.ports.state.transaction(async (tx: unknown) => {
            await client.startChain({ tx, type: "work", input: "1" });
            throw new UserError();
          }),
        );
        await worker.drain();
        expect.equal(stage.process.events.named("chain.started").length, 0);
        expect.equal(stage.process.events.named("attempt.started").length, 0);
      },
    ),

    defineBehaviour(
      "P1: a call that throws inside a transaction has written nothing, and the transaction goes on",
      async (stage, expect) => {
        const { client, work } = await openClient(stage);
        const id = "0193e5f0-0000-7000-8000-000000000001";
        const first = await client.transaction(async (tx) => {
          const started = await client.startChain({ tx, type: "work", input: "1", id });
          const missing = { id: "0193e5f0-0000-7000-8000-000000000099", type: "work" } as const;
          await expect.rejects(
            client.startChains({
              tx,
              chains: [
                { type: "work", input: "2" },
                { type: "after", blockers: { work: missing } },
              ],
            }),
            "BLOCKER_UNUSABLE",
          );
          await expect.rejects(
            client.startChain({ tx, type: "after", id, blockers: { work: started } }),
            "CHAIN_ID_CONFLICT",
          );
          await work(tx, "3");
          return started;
        });
        const inputs = [];
        for (const { chainId } of (await client.inspect.listChains()).chains)
          inputs.push((await client.inspect.getJob({ jobId: `${chainId}:0` }))?.input);
        expect.sameMembers(inputs, ["1", "3"]);
        expect.equal(
          stage.process.events.named("chain.started").length,
          2,
          "and what failed is not announced",
        );
        expect.equal(first.id, id);
      },
    ),

    defineBehaviour(
      "P1: starts without a transaction that come together do not pay for another's mistake",
      async (stage, expect) => {
        const { client, work } = await openClient(stage);
        const missing = { id: "0193e5f0-0000-7000-8000-000000000099", type: "work" } as const;
        const results = await Promise.allSettled([
          work("autocommit", "1"),
          work("autocommit", "2"),
          client.startChain({ tx: "autocommit", type: "after", blockers: { work: missing } }),
          work("autocommit", "3"),
        ]);
        expect.equal(
          results.map(({ status }) => status),
          ["fulfilled", "fulfilled", "rejected", "fulfilled"],
        );
        expect.equal((await client.inspect.countChains()).count, 3);
      },
    ),

    defineBehaviour("P1: a tx that has ended, or is none, is refused", async (stage, expect) => {
      const { client, work } = await openClient(stage);
      const ended = await client.transaction(async (tx) => ({ tx: tx as unknown }));
      await expect.rejects(work(ended.tx, "late"), "TRANSACTION_INVALID");
      await expect.rejects(work({}, "none"), "TRANSACTION_INVALID");
      await expect.rejects(client.cancel({ tx: undefined, chainIds: [] }), "TRANSACTION_INVALID");
      expect.equal((await client.inspect.countChains()).count, 0);
    }),

    defineBehaviour(
      "C5: a call inside a transaction that asks for another one is refused or runs beside it, and never waits for itself",
      async (stage, expect) => {
        const { client, work } = await openClient(stage);
        const codes: unknown[] = [];
        const chain = await client.transaction(async (tx) => {
          codes.push(await work("autocommit", "nested").then(() => undefined, codeOf));
          codes.push(await client.transaction(async () => {}).then(() => undefined, codeOf));
          return work(tx, "1");
        });
        expect.oneOf(codes[0], [undefined, "TRANSACTION_NESTED"]);
        expect.equal(codes[1], codes[0]);
        const besideCount = codes[0] === undefined ? 1 : 0;
        expect.equal((await client.inspect.countChains()).count, 1 + besideCount);
        expect.match(await client.getChain({ chain }), { status: "open" });
      },
    ),

    defineBehaviour(
      "C5: the same inside a handler's commit that fails: what ran beside it stays, and nothing else",
      async (stage, expect) => {
        const { client, work } = await openClient(stage);
        let besideCount = 0;
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { maxAttempts: 1 },
            handlers: {
              work: async ({ job, commit }) =>
                commit(async (tx) => {
                  if (job.input !== "1") return "ran beside it";
                  await work(tx, "inside");
                  await work("autocommit", "nested");
                  besideCount = 1;
                  throw new UserError();
                }),
            },
          }),
        );
        const chain = await work("autocommit", "1");
        await worker.start();
        await expect.rejects(client.awaitChain({ chain, ...soon }), "CHAIN_FAILED");
        await worker.stop();
        expect.match(await client.inspect.getChain({ chainId: chain.id }), {
          error: { code: besideCount === 1 ? undefined : "TRANSACTION_NESTED" },
        });
        expect.equal((await client.inspect.countChains()).count, 1 + besideCount);
      },
    ),

    defineBehaviour(
      "P2: completion, continuation, a write and the release of dependants are seen together",
      async (stage, expect) => {
        const types = defineJobTypes<{
          source: { entry: true; continueWith: "rest" };
          rest: { output: string };
          after: { entry: true; blockers: { source: "source" } };
          note: { entry: true };
        }>();
        const client = stage.use(await createClient({ jobTypes: types, ...stage.process.ports }));
        const observer = stage.use(
          await createClient({ jobTypes: types, ...(await stage.openProcess()).ports }),
        );
        const gate = stage.gate();
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              source: async ({ continueWith }) => continueWith({ type: "rest" }),
              rest: async ({ commit }) =>
                commit(async (tx) => {
                  await client.startChain({ tx, type: "note" });
                  await gate.pass();
                  return "end";
                }),
            },
          }),
        );
        const source = await client.startChain({ tx: "autocommit", type: "source" });
        const after = await client.startChain({
          tx: "autocommit",
          type: "after",
          blockers: { source },
        });
        await worker.start();
        await gate.arrived();
        const look = async () => [
          (await observer.getChain({ chain: source }))?.status,
          (await observer.inspect.getJob({ jobId: `${after.id}:0` }))?.status,
          (await observer.inspect.countChains({ types: ["note"] })).count,
        ];
        expect.equal(await look(), ["open", "blocked", 0], "before the commit nothing is seen");
        gate.open();
        await eventually(async () => (await look())[0] === "completed");
        expect.equal(await look(), ["completed", "ready", 1], "after it, all is");
      },
    ),

    defineBehaviour(
      "P1: the user's own row and the chain exist together or not at all",
      async (stage, expect) => {
        const { client, work } = await openClient(stage);
        const rows = stage.installation.ownRows!;
        await client.transaction(async (tx) => {
          await rows.insert(tx, "kept");
          await work(tx, "kept");
        });
        await caught(
          client.transaction(async (tx) => {
            await rows.insert(tx, "lost");
            await work(tx, "lost");
            throw new UserError();
          }),
        );
        expect.equal(await rows.list(), ["kept"]);
        expect.equal((await client.inspect.countChains()).count, 1);
      },
      { needs: "ownRows" },
    ),
  ],
};

async function openClient(stage: Stage) {
  const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
  return {
    client,
    work: (tx: unknown, input: string) => client.startChain({ tx, type: "work", input }),
  };
}

async function startWorker(
  stage: Stage,
  client: Awaited<ReturnType<typeof openClient>>["client"],
  options: { failFirst?: boolean } = {},
) {
  const worker = stage.use(
    createWorker(client, {
      ...soon,
      retry: { backoff: { initialMs: 0 } },
      handlers: {
        work: async ({ job }) => {
          if (options.failFirst === true && job.attempt === 1) throw new UserError();
          return `ran ${job.input}`;
        },
      },
    }),
  );
  await worker.start();
  return worker;
}
