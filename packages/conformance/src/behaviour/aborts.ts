import {
  AttemptAbortedError,
  createClient,
  createWorker,
  defineJobTypes,
  type HandlerOptions,
} from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { untilAborted } from "./support/gate.ts";
import { defineBehaviour, eventually, soon, type Process, type Stage } from "./support/stage.ts";

const jobTypes = defineJobTypes<{ work: { entry: true; output: string } }>();

export const aborts: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "aborts",
  cases: [
    defineBehaviour(
      "A5: a timeout aborts with its reason, counts as an attempt, and is tried again",
      async (stage, expect) => {
        const reasons: unknown[] = [];
        const { client, start } = await openWorker(
          stage,
          stage.process,
          { timeoutMs: 10, retry: { backoff: { initialMs: 0 } } },
          async ({ job, signal }) => {
            if (job.attempt === 2) return "in time";
            try {
              return await untilAborted(signal);
            } catch (error) {
              reasons.push(
                error instanceof AttemptAbortedError && [
                  error.reason,
                  error.code,
                  error.jobId === job.id,
                ],
              );
              throw error;
            }
          },
        );
        expect.equal(
          (await client.awaitChain({ chain: await start(), ...soon })).output,
          "in time",
        );
        expect.equal(reasons, [["timeout", "ATTEMPT_ABORTED", true]]);
        expect.match(stage.process.events.named("attempt.aborted"), [
          { reason: "timeout", attempt: 1 },
        ]);
        expect.match(stage.process.events.named("attempt.ended"), [
          { outcome: "retried" },
          { outcome: "completed" },
        ]);
      },
    ),

    defineBehaviour(
      "A5 P3: an attempt past its timeout holds the job until it returns: no second one overlaps, and its outcome counts",
      async (stage, expect) => {
        const gate = stage.gate();
        let runningCount = 0;
        const overlaps: number[] = [];
        const run = async ({ job }: { job: { attempt: number } }): Promise<string> => {
          overlaps.push(++runningCount);
          await gate.pass();
          runningCount--;
          return `attempt ${job.attempt}`;
        };
        const first = await openWorker(stage, stage.process, { timeoutMs: 5 }, run);
        const other = await openWorker(stage, await stage.openProcess(), { timeoutMs: 5 }, run);
        const chain = await first.start();
        await gate.arrived();
        const aborted = [stage.process, other.process].map(({ events }) =>
          events.first("attempt.aborted"),
        );
        await Promise.race(aborted);
        // Both look for work again, and find none.
        await Promise.all(
          [stage.process, other.process].map(({ store }) => store.next("exchange")),
        );
        expect.match(await first.client.inspect.getJob({ jobId: `${chain.id}:0` }), {
          status: "running",
          attempt: 1,
        });
        gate.open();
        expect.equal((await first.client.awaitChain({ chain, ...soon })).output, "attempt 1");
        expect.equal(overlaps, [1]);
      },
    ),

    defineBehaviour(
      "P3: a handler whose job is taken away is told why: cancelled, deleted, completed elsewhere",
      async (stage, expect) => {
        const reasons: unknown[] = [];
        const gate = stage.gate();
        const { client, start } = await openWorker(
          stage,
          stage.process,
          {},
          async ({ job, signal }) => {
            await Promise.race([gate.pass(), untilAborted(signal)]).catch((error: unknown) => {
              reasons.push([job.chainId, error instanceof AttemptAbortedError && error.reason]);
              throw error;
            });
            return "not aborted";
          },
        );
        const other = stage.use(
          await createClient({ jobTypes, ...(await stage.openProcess()).ports }),
        );
        const [cancelled, deleted, completed] = [await start(), await start(), await start()];
        await gate.arrived(3);
        await other.cancel({ tx: "autocommit", chainIds: [cancelled.id] });
        await other.deleteChains({ tx: "autocommit", chainIds: [deleted.id] });
        await other.completeChain({
          tx: "autocommit",
          chain: completed,
          type: "work",
          output: "by hand",
        });
        const { events } = stage.process;
        await events.until(() => events.named("attempt.ended").length === 3);
        expect.sameMembers(reasons, [
          [cancelled.id, "cancelled"],
          [deleted.id, "deleted"],
          [completed.id, "completedElsewhere"],
        ]);
        expect.sameMembers(
          events
            .named("attempt.ended")
            .map(({ chainId, outcome, reason }) => [chainId, outcome, reason]),
          [
            [cancelled.id, "cancelled", "cancelled"],
            [deleted.id, "lost", "deleted"],
            [completed.id, "lost", "completedElsewhere"],
          ],
        );
        expect.match(await client.getChain({ chain: completed }), {
          status: "completed",
          output: "by hand",
        });
      },
    ),

    defineBehaviour(
      "P3: a handler that does not listen is refused at its end, whatever it returns or throws",
      async (stage, expect) => {
        const gate = stage.gate();
        const { client, start } = await openWorker(stage, stage.process, {}, async ({ job }) => {
          await gate.pass();
          if (job.priority === 9) throw new Error("It fails, too.");
          return "stale";
        });
        const chains = [await start(1), await start(9)];
        await gate.arrived(2);
        await client.cancel({
          tx: "autocommit",
          chainIds: chains.map(({ id }) => id),
          reason: "no longer wanted",
        });
        gate.open();
        const { events } = stage.process;
        await events.until(() => events.named("attempt.ended").length === 2);
        expect.match(events.named("attempt.ended"), [
          { outcome: "cancelled" },
          { outcome: "cancelled" },
        ]);
        for (const chain of chains)
          expect.match(await client.getChain({ chain }), {
            status: "cancelled",
            reason: "no longer wanted",
          });
      },
    ),

    defineBehaviour("A5: the first reason stays", async (stage, expect) => {
      const gate = stage.gate();
      const reasons: unknown[] = [];
      const { client, start } = await openWorker(
        stage,
        stage.process,
        { timeoutMs: 5 },
        async ({ signal }) => {
          const note = (): void =>
            void reasons.push((signal.reason as { reason?: unknown }).reason);
          signal.addEventListener("abort", note);
          await gate.pass();
          note();
          return "late";
        },
      );
      const chain = await start();
      await stage.process.events.first("attempt.aborted");
      await client.cancel({ tx: "autocommit", chainIds: [chain.id] });
      await stage.process.store.next("renew");
      gate.open();
      await stage.process.events.first("attempt.ended");
      expect.equal(reasons, ["timeout", "timeout"]);
      expect.equal(stage.process.events.named("attempt.aborted").length, 1);
    }),

    defineBehaviour(
      "P3 G: a deadline at stop aborts with shutdown, and the attempt does not count",
      async (stage, expect) => {
        const gate = stage.gate();
        const reasons: unknown[] = [];
        const { client, worker, start } = await openWorker(
          stage,
          stage.process,
          { retry: { maxAttempts: 1 } },
          async ({ signal }) => {
            await gate.pass(signal).catch((error: unknown) => {
              reasons.push(error instanceof AttemptAbortedError && error.reason);
              throw error;
            });
            return "not aborted";
          },
        );
        const chain = await start();
        await gate.arrived();
        await worker.stop({ timeoutMs: 1 });
        expect.equal(reasons, ["shutdown"]);
        expect.match(await client.inspect.getJob({ jobId: `${chain.id}:0` }), {
          status: "ready",
          attempt: 0,
          workerId: null,
        });
        expect.match(stage.process.events.named("attempt.ended"), [{ outcome: "released" }]);
      },
    ),

    defineBehaviour(
      "P3: a handler that heeds the shutdown by finishing has finished",
      async (stage, expect) => {
        const gate = stage.gate();
        const { client, worker, start } = await openWorker(
          stage,
          stage.process,
          {},
          async ({ job, signal }) => {
            await gate.pass(signal).catch(() => {});
            return `finished attempt ${job.attempt}`;
          },
        );
        const chain = await start();
        await gate.arrived();
        await worker.stop({ timeoutMs: 1 });
        expect.match(await client.getChain({ chain }), {
          status: "completed",
          output: "finished attempt 1",
        });
      },
    ),

    defineBehaviour(
      "A5: an attempt that ends in time is not aborted afterwards",
      async (stage, expect) => {
        let signalKept: AbortSignal | undefined;
        const gate = stage.gate();
        const { client, start } = await openWorker(
          stage,
          stage.process,
          { timeoutMs: 30 },
          async ({ job, signal }) => {
            if (job.priority === 1) {
              signalKept = signal;
              return "in time";
            }
            await gate.pass(signal);
            return "never";
          },
        );
        await client.awaitChain({ chain: await start(1), ...soon });
        await start(5);
        // The second attempt began later, and its timeout has come: that of the first would have, too.
        await stage.process.events.first("attempt.aborted");
        expect.equal(signalKept?.aborted, false);
        await eventually(() => stage.process.events.named("attempt.ended").length === 2);
      },
    ),
  ],
};

async function openWorker(
  stage: Stage,
  process: Process,
  options: HandlerOptions,
  handle: (handler: {
    readonly job: { id: string; chainId: string; attempt: number; priority: number };
    readonly signal: AbortSignal;
  }) => Promise<string>,
) {
  const client = stage.use(await createClient({ jobTypes, ...process.ports }));
  const worker = stage.use(
    createWorker(client, { ...soon, leaseMs: 1_000, handlers: { work: { ...options, handle } } }),
  );
  await worker.start();
  return {
    process,
    client,
    worker,
    start: (priority = 5) => client.startChain({ tx: "autocommit", type: "work", priority }),
  };
}
