import { createClient, createWorker, defineJobTypes } from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { caught, codeOf, UserError } from "./support/caught.ts";
import { defineBehaviour, eventually, soon, type Stage } from "./support/stage.ts";
import { withoutUnhandledRejections } from "./support/unhandled.ts";

const jobTypes = defineJobTypes<{
  work: { entry: true; input: string; continueWith: "next"; output: string };
  next: { input: string; output: string };
  /** Stands for a write of the user's: it exists if and only if its transaction committed. */
  note: { entry: true; input: string };
}>();

export const modes: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "modes",
  cases: [
    defineBehaviour(
      "P2: a plain return completes or continues without a transaction of its own",
      async (stage, expect) => {
        const { client, start } = await openClient(stage);
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              work: async ({ job, continueWith }) =>
                continueWith({ type: "next", input: job.input }),
              next: async ({ job }) => job.input,
            },
          }),
        );
        await worker.start();
        expect.equal(
          (await client.awaitChain({ chain: await start("plain"), ...soon })).output,
          "plain",
        );
        expect.equal(
          [stage.process.store.count("transaction"), stage.process.store.count("settle")],
          [0, 0],
        );
      },
    ),

    defineBehaviour(
      "P2: commit settles with the handler's writes, in one transaction, output or continuation",
      async (stage, expect) => {
        const { client, start, notes } = await openClient(stage);
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              work: async ({ job, commit, continueWith }) =>
                commit(async (tx) => {
                  await client.startChain({ tx, type: "note", input: "from work" });
                  return continueWith({ type: "next", input: job.input });
                }),
              next: async ({ job, commit }) =>
                commit(async (tx) => {
                  await client.startChain({ tx, type: "note", input: "from next" });
                  return `${job.input}, committed`;
                }),
            },
          }),
        );
        await worker.start();
        expect.equal(
          (await client.awaitChain({ chain: await start("x"), ...soon })).output,
          "x, committed",
        );
        expect.sameMembers(await notes(), ["from work", "from next"]);
        expect.equal(stage.process.store.count("transaction"), 2);
      },
    ),

    defineBehaviour(
      "P2: staged work keeps what its own transactions have committed when the attempt fails",
      async (stage, expect) => {
        const { client, start, notes } = await openClient(stage);
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { backoff: { initialMs: 0 } },
            handlers: {
              work: async ({ job, commit }) => {
                await client.transaction(async (tx) =>
                  client.startChain({ tx, type: "note", input: `stage ${job.attempt}` }),
                );
                if (job.attempt === 1) throw new UserError();
                return commit(async () => "done");
              },
            },
          }),
        );
        await worker.start();
        await client.awaitChain({ chain: await start("x"), ...soon });
        expect.sameMembers(await notes(), ["stage 1", "stage 2"]);
      },
    ),

    defineBehaviour(
      "P6: effects of a handler's commit run after it, and before the handler goes on",
      async (stage, expect) => {
        const { client, start } = await openClient(stage);
        const order: string[] = [];
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              work: async ({ job, commit }) => {
                const result = await commit(async (tx) => {
                  client.onCommit({ tx }, async () => {
                    order.push(
                      `effect, chain ${(await client.getChain({ chainId: job.chainId }))?.status}`,
                    );
                  });
                  order.push("writes");
                  return "done";
                });
                order.push("handler goes on");
                return result;
              },
            },
          }),
        );
        await worker.start();
        await client.awaitChain({ chain: await start("x"), ...soon });
        await worker.drain();
        expect.equal(order, ["writes", "effect, chain completed", "handler goes on"]);
      },
    ),

    defineBehaviour(
      "P2 P6: a commit whose writes throw leaves nothing and says nothing; thrown on, it is the attempt's error",
      async (stage, expect) => {
        const { client, start, notes } = await openClient(stage);
        const effects: number[] = [];
        const error = new UserError("The write fails.");
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { maxAttempts: 1 },
            handlers: {
              work: async ({ commit }) =>
                commit(async (tx) => {
                  await client.startChain({ tx, type: "note", input: "lost" });
                  client.onCommit({ tx }, () => void effects.push(1));
                  throw error;
                }),
            },
          }),
        );
        await worker.start();
        const chain = await start("x");
        await expect.rejects(client.awaitChain({ chain, ...soon }), "CHAIN_FAILED");
        expect.equal([await notes(), effects], [[], []]);
        const [ended] = stage.process.events.named("attempt.ended");
        expect.ok(
          ended?.outcome === "failed" && ended.error === error,
          "the event carries the user's error itself",
        );
        expect.equal(
          stage.process.events.named("chain.started").length,
          1,
          "the note was never announced",
        );
      },
    ),

    defineBehaviour(
      "P2: a commit that failed can be caught and made again",
      async (stage, expect) => {
        const { client, start, notes } = await openClient(stage);
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              work: async ({ job, commit }) => {
                await caught(
                  commit(async (tx) => {
                    await client.startChain({ tx, type: "note", input: "first" });
                    throw new UserError();
                  }),
                );
                return commit(async (tx) => {
                  await client.startChain({ tx, type: "note", input: "second" });
                  return `attempt ${job.attempt}`;
                });
              },
            },
          }),
        );
        await worker.start();
        expect.equal(
          (await client.awaitChain({ chain: await start("x"), ...soon })).output,
          "attempt 1",
        );
        expect.equal(await notes(), ["second"]);
      },
    ),

    defineBehaviour(
      "P2: a commit that failed can be caught and the job ended by a plain return",
      async (stage, expect) => {
        const { client, start, notes } = await openClient(stage);
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              work: async ({ commit }) => {
                await caught(
                  commit(async (tx) => {
                    await client.startChain({ tx, type: "note", input: "first" });
                    throw new UserError();
                  }),
                );
                return "by return";
              },
            },
          }),
        );
        await worker.start();
        expect.equal(
          (await client.awaitChain({ chain: await start("x"), ...soon })).output,
          "by return",
        );
        expect.equal(await notes(), []);
      },
    ),

    defineBehaviour(
      "P2: a commit that the handler did not wait for is waited for",
      async (stage, expect) => {
        const { client, start, notes } = await openClient(stage);
        const gate = stage.gate();
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              work: async ({ commit }) => {
                void commit(async (tx) => {
                  await client.startChain({ tx, type: "note", input: "unawaited" });
                  await gate.pass();
                  return "from commit";
                });
                return "from return";
              },
            },
          }),
        );
        await worker.start();
        const chain = await start("x");
        await gate.arrived();
        expect.match(await client.getChain({ chain }), { status: "open" });
        gate.open();
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "from commit");
        expect.equal(await notes(), ["unawaited"]);
      },
    ),

    defineBehaviour(
      "P2: a commit that fails while nobody waits for it fails the attempt, and is no unhandled rejection",
      async (stage, expect) => {
        const { client, start } = await openClient(stage);
        const gate = stage.gate();
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { maxAttempts: 1 },
            handlers: {
              work: async ({ commit }) => {
                void commit(async () => {
                  await gate.pass();
                  throw new UserError("Nobody waits.");
                });
                return "from return";
              },
            },
          }),
        );
        await worker.start();
        const chain = await start("x");
        await withoutUnhandledRejections(async () => {
          await gate.arrived();
          gate.open();
          await expect.rejects(client.awaitChain({ chain, ...soon }), "CHAIN_FAILED");
        });
        expect.match(await client.inspect.getChain({ chainId: chain.id }), {
          error: { message: "Nobody waits." },
        });
      },
    ),

    defineBehaviour(
      "P2: a handler that throws after its commit has completed, and its error is told",
      async (stage, expect) => {
        const { client, start, notes } = await openClient(stage);
        const error = new UserError("Too late.");
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              work: async ({ commit }) => {
                await commit(async (tx) => {
                  await client.startChain({ tx, type: "note", input: "kept" });
                  return "done";
                });
                throw error;
              },
            },
          }),
        );
        await worker.start();
        const chain = await start("x");
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "done");
        const failure = await stage.process.events.first("callback.failed");
        expect.ok(
          failure.callback === "handlerAfterCommit" &&
            failure.error === error &&
            failure.jobId === `${chain.id}:0`,
          "told with its job",
        );
        expect.equal(await notes(), ["kept"]);
        await worker.drain();
        expect.equal(
          stage.process.events.named("attempt.started").length,
          1,
          "it does not run again",
        );
      },
    ),

    defineBehaviour(
      "P2: what a handler returns after its commit changes nothing",
      async (stage, expect) => {
        const { client, start } = await openClient(stage);
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              work: async ({ commit, continueWith }) => {
                await commit(async () => "committed");
                return continueWith({ type: "next", input: "ignored" });
              },
              next: async ({ job }) => job.input,
            },
          }),
        );
        await worker.start();
        const chain = await start("x");
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "committed");
        await worker.drain();
        expect.equal((await client.inspect.listJobs({ chainId: chain.id })).jobs.length, 1);
      },
    ),

    defineBehaviour(
      "P2: a second commit is refused, one after the other or both at once, and the first stands",
      async (stage, expect) => {
        const { client, start, notes } = await openClient(stage);
        const codes: unknown[] = [];
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              work: async ({ job, commit }) => {
                const write = (text: string) =>
                  commit(async (tx) => {
                    await client.startChain({ tx, type: "note", input: text });
                    return text;
                  });
                if (job.input === "in turn") {
                  const result = await write("first");
                  codes.push(codeOf(await caught(write("second"))));
                  return result;
                }
                const first = write("first");
                codes.push(codeOf(await caught(write("second"))));
                return first;
              },
            },
          }),
        );
        await worker.start();
        for (const input of ["in turn", "at once"])
          expect.equal(
            (await client.awaitChain({ chain: await start(input), ...soon })).output,
            "first",
          );
        expect.equal(codes, ["HANDLER_OUTCOME_INVALID", "HANDLER_OUTCOME_INVALID"]);
        expect.equal(await notes(), ["first", "first"]);
      },
    ),

    defineBehaviour(
      "P2: a commit inside a commit, and the result of another attempt's commit, are refused",
      async (stage, expect) => {
        const { client, start } = await openClient(stage);
        let kept: unknown;
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { maxAttempts: 1 },
            handlers: {
              work: async ({ job, commit }) => {
                if (job.input === "keeps") {
                  kept = await commit(async () => "done");
                  return kept as never;
                }
                if (job.input === "borrows") return kept as never;
                return commit(async () => kept as never);
              },
            },
          }),
        );
        await worker.start();
        await client.awaitChain({ chain: await start("keeps"), ...soon });
        for (const input of ["borrows", "inside"]) {
          const chain = await start(input);
          await expect.rejects(client.awaitChain({ chain, ...soon }), "CHAIN_FAILED");
          expect.match(await client.inspect.getChain({ chainId: chain.id }), {
            error: { code: "HANDLER_OUTCOME_INVALID" },
          });
        }
      },
    ),

    defineBehaviour(
      "P8: reschedule runs the job again at its time and uses no attempt, returned plainly or by commit",
      async (stage, expect) => {
        const { client, start, notes } = await openClient(stage);
        const attempts: number[] = [];
        let round = 0;
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { maxAttempts: 1 },
            handlers: {
              work: async ({ job, commit, reschedule }) => {
                attempts.push(job.attempt);
                round++;
                if (round === 1) return reschedule({ delayMs: 10_000 });
                if (round === 2)
                  return commit(async (tx) => {
                    await client.startChain({ tx, type: "note", input: "with the reschedule" });
                    return reschedule({ at: new Date(stage.clock.now() + 10_000) });
                  });
                return "third round";
              },
            },
          }),
        );
        await worker.start();
        const chain = await start("x");
        const job = () => client.inspect.getJob({ jobId: `${chain.id}:0` });
        for (const rounds of [1, 2]) {
          await eventually(async () => round === rounds && (await job())?.status === "scheduled");
          expect.match(await job(), {
            attempt: 0,
            scheduledAt: new Date(stage.clock.now() + 10_000),
          });
          stage.clock.advance(9_999);
          await worker.drain();
          expect.match(await job(), { status: "scheduled" });
          stage.clock.advance(1);
        }
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "third round");
        expect.equal(attempts, [1, 1, 1]);
        expect.equal(await notes(), ["with the reschedule"]);
        expect.equal(
          stage.process.events.named("attempt.ended").map(({ outcome }) => outcome),
          ["rescheduled", "rescheduled", "completed"],
        );
      },
    ),

    defineBehaviour(
      "P3: a commit for a job that was cancelled, deleted or completed meanwhile rolls the writes back",
      async (stage, expect) => {
        const { client, start, notes } = await openClient(stage);
        const other = stage.use(
          await createClient({ jobTypes, ...(await stage.openProcess()).ports }),
        );
        const gates = {
          cancelled: stage.gate(),
          deleted: stage.gate(),
          completedElsewhere: stage.gate(),
        };
        const refusals: unknown[] = [];
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              work: async ({ job, commit }) => {
                await gates[job.input as keyof typeof gates].pass();
                try {
                  return await commit(async (tx) => {
                    await client.startChain({ tx, type: "note", input: "lost" });
                    return "stale";
                  });
                } catch (error) {
                  const { code, reason, jobId } = error as {
                    code?: string;
                    reason?: string;
                    jobId?: string;
                  };
                  refusals.push([code, reason, jobId === job.id]);
                  throw error;
                }
              },
            },
          }),
        );
        await worker.start();
        const [cancelled, deleted, completed] = [
          await start("cancelled"),
          await start("deleted"),
          await start("completedElsewhere"),
        ];
        await Promise.all(Object.values(gates).map((gate) => gate.arrived()));
        await other.cancel({ tx: "autocommit", chainIds: [cancelled.id] });
        await other.deleteChains({ tx: "autocommit", chainIds: [deleted.id] });
        await other.completeChain({
          tx: "autocommit",
          chain: completed,
          type: "work",
          output: "by hand",
        });
        for (const gate of Object.values(gates)) gate.open();
        await stage.process.events.until(
          () => stage.process.events.named("attempt.ended").length === 3,
        );
        expect.sameMembers(refusals, [
          ["ATTEMPT_LOST", "cancelled", true],
          ["ATTEMPT_LOST", "deleted", true],
          ["ATTEMPT_LOST", "completedElsewhere", true],
        ]);
        expect.equal(await notes(), []);
        expect.equal((await client.awaitChain({ chain: completed, ...soon })).output, "by hand");
      },
    ),

    defineBehaviour(
      "P2: the user's own rows commit with the completion, and roll back with a lost attempt",
      async (stage, expect) => {
        const { client, start } = await openClient(stage);
        const rows = stage.installation.ownRows!;
        const gate = stage.gate();
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              work: async ({ job, commit }) => {
                if (job.input === "lost") await gate.pass();
                return commit(async (tx) => {
                  await rows.insert(tx, job.input);
                  return "done";
                });
              },
            },
          }),
        );
        await worker.start();
        const lost = await start("lost");
        await gate.arrived();
        await client.awaitChain({ chain: await start("kept"), ...soon });
        await client.cancel({ tx: "autocommit", chainIds: [lost.id] });
        gate.open();
        await stage.process.events.first("attempt.ended", ({ outcome }) => outcome === "cancelled");
        expect.equal(await rows.list(), ["kept"]);
      },
      { needs: "ownRows" },
    ),
  ],
};

async function openClient(stage: Stage) {
  const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
  return {
    client,
    start: (input: string) => client.startChain({ tx: "autocommit", type: "work", input }),
    /** The inputs of the notes that exist. */
    notes: async () => {
      const { chains } = await client.inspect.listChains({ types: ["note"], order: "oldest" });
      return Promise.all(
        chains.map(
          async ({ chainId }) => (await client.inspect.getJob({ jobId: `${chainId}:0` }))?.input,
        ),
      );
    },
  };
}
