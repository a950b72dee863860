import process from "node:process";

import { createClient, createWorker, defineJobTypes } from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { caught, UserError } from "./support/caught.ts";
import { defineBehaviour, eventually, soon, type Stage } from "./support/stage.ts";

const jobTypes = defineJobTypes<{
  work: { entry: true; input: string | undefined; output: string };
}>();
const waitCount = 10_000;

export const awaitChain: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "await-chain",
  cases: [
    defineBehaviour(
      "P4: it resolves with the output, before and after the end, in any process",
      async (stage, expect) => {
        const { client, worker, start } = await openClient(stage);
        const other = stage.use(
          await createClient({ jobTypes, ...(await stage.openProcess()).ports }),
        );
        const chain = await start();
        const waits = [client, other].map((waiter) => waiter.awaitChain({ chain, ...soon }));
        await worker.start();
        const expected = { id: chain.id, type: "work", status: "completed", output: "ran" };
        expect.equal(await Promise.all(waits), [expected, expected]);
        expect.equal(
          await other.awaitChain({ chain: { id: chain.id, type: "work" }, ...soon }),
          expected,
          "a plain object is as good as a handle",
        );
      },
    ),

    defineBehaviour(
      "P4: a failed chain throws with its job and its cause, and a redriven one can be awaited again",
      async (stage, expect) => {
        let isBroken = true;
        const { client, worker, start } = await openClient(stage, async () => {
          if (isBroken) throw new UserError("It is broken.");
          return "mended";
        });
        await worker.start();
        const chain = await start();
        const error = (await caught(client.awaitChain({ chain, ...soon }))) as Error &
          Record<string, unknown>;
        expect.match(error, { code: "CHAIN_FAILED", chainId: chain.id, jobId: `${chain.id}:0` });
        expect.match(error.cause, { name: "UserError", message: "It is broken." });
        isBroken = false;
        await client.redrive({ tx: "autocommit", chainIds: [chain.id] });
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "mended");
      },
    ),

    defineBehaviour(
      "P4: a cancelled chain throws with its reason, to those who wait already as well",
      async (stage, expect) => {
        const { client, start } = await openClient(stage);
        const [named, unnamed] = [await start(), await start()];
        const waits = [named, unnamed].map((chain) =>
          caught(client.awaitChain({ chain, ...soon })),
        );
        await client.cancel({ tx: "autocommit", chainIds: [named.id], reason: "not wanted" });
        await client.cancel({ tx: "autocommit", chainIds: [unnamed.id] });
        expect.match(await Promise.all(waits), [
          { code: "CHAIN_CANCELLED", reason: "not wanted" },
          { code: "CHAIN_CANCELLED", reason: undefined },
        ]);
      },
    ),

    defineBehaviour(
      "P4: a chain that is not there throws: never started, rolled back, or deleted meanwhile",
      async (stage, expect) => {
        const { client, start } = await openClient(stage);
        const unknown = { id: "0193e5f0-0000-7000-8000-000000000099", type: "work" } as const;
        await expect.rejects(client.awaitChain({ chain: unknown }), "CHAIN_NOT_FOUND", {
          chainId: unknown.id,
        });
        await client.transaction(async (tx) => {
          const inside = await client.startChain({ tx, type: "work" });
          await expect.rejects(client.awaitChain({ chain: inside }), "CHAIN_NOT_FOUND");
        });
        const chain = await start();
        const wait = caught(client.awaitChain({ chain, ...soon }));
        await client.deleteChains({ tx: "autocommit", chainIds: [chain.id] });
        expect.match(await wait, { code: "CHAIN_NOT_FOUND" });
      },
    ),

    defineBehaviour(
      "P4: a timeout throws and the chain goes on; 0 looks at nothing that is not there yet",
      async (stage, expect) => {
        const { client, worker, start } = await openClient(stage);
        const chain = await start();
        await expect.rejects(client.awaitChain({ chain, timeoutMs: 15 }), "AWAIT_CHAIN_TIMEOUT", {
          chainId: chain.id,
          timeoutMs: 15,
        });
        await expect.rejects(client.awaitChain({ chain, timeoutMs: 0 }), "AWAIT_CHAIN_TIMEOUT");
        await expect.rejects(client.awaitChain({ chain, timeoutMs: -1 }), "OPTION_INVALID", {
          option: "timeoutMs",
        });
        await expect.rejects(client.awaitChain({ chain, pollIntervalMs: 0 }), "OPTION_INVALID", {
          option: "pollIntervalMs",
        });
        await worker.start();
        expect.equal(
          (await client.awaitChain({ chain, ...soon, timeoutMs: 20_000 })).output,
          "ran",
        );
      },
    ),

    defineBehaviour(
      "P4: an abort throws its reason, before the wait and in it",
      async (stage, expect) => {
        const { client, start } = await openClient(stage);
        const chain = await start();
        const reason = new UserError("no longer of interest");
        const controller = new AbortController();
        const wait = caught(client.awaitChain({ chain, signal: controller.signal }));
        controller.abort(reason);
        expect.ok((await wait) === reason, "the reason itself");
        expect.ok(
          (await caught(client.awaitChain({ chain, signal: controller.signal }))) === reason,
          "aborted before",
        );
      },
    ),

    defineBehaviour(
      "B6: a chain that closes between the look and the wait is not missed",
      async (stage, expect) => {
        const { client, start } = await openClient(stage);
        const other = stage.use(
          await createClient({ jobTypes, ...(await stage.openProcess()).ports }),
        );
        for (const moment of ["before the read", "after the read"] as const) {
          const chain = await start();
          let isClosed = false;
          const close = async (): Promise<void> => {
            if (isClosed) return;
            isClosed = true;
            await other.completeChain({ tx: "autocommit", chain, type: "work", output: moment });
          };
          const stop = stage.process.store.intercept(async ({ operation, proceed }) => {
            if (operation !== "getChains") return proceed();
            if (moment === "before the read") await close();
            const answer = await proceed();
            await close();
            return answer;
          });
          expect.equal((await client.awaitChain({ chain, ...soon })).output, moment);
          stop();
        }
      },
    ),

    defineBehaviour(
      "P4: a database that is away delays a wait, and no more",
      async (stage, expect) => {
        const { client, worker, start } = await openClient(stage);
        const chain = await start();
        let failures = 0;
        stage.process.store.intercept(async ({ operation, proceed }) => {
          if (operation === "getChains" && failures < 3) {
            failures++;
            throw new UserError("away");
          }
          return proceed();
        });
        await worker.start();
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "ran");
        expect.equal(failures, 3);
      },
    ),

    defineBehaviour(
      "P4: close ends the waits and refuses later ones; twice is fine, and the chain goes on",
      async (stage, expect) => {
        const { client, start } = await openClient(stage);
        const chain = await start();
        const wait = caught(client.awaitChain({ chain, ...soon }));
        await client.close();
        await client.close();
        expect.match(await wait, { code: "LIFECYCLE_INVALID" });
        await expect.rejects(client.awaitChain({ chain }), "LIFECYCLE_INVALID");
        const other = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        expect.match(await other.getChain({ chain }), { status: "open" });
      },
    ),

    defineBehaviour(
      `B9: ${waitCount} waits leave no subscription, no timer and no further reads behind`,
      async (stage, expect) => {
        const { client, start } = await openClient(stage);
        let openCount = 0;
        stage.process.channel.intercept(async ({ operation, proceed }) => {
          const answer = await proceed();
          if (operation !== "subscribe") return answer;
          openCount++;
          const subscription = answer as { close(): Promise<void> };
          return {
            close: async () => {
              await subscription.close();
              openCount--;
            },
          };
        });
        const chain = await start();
        const controller = new AbortController();
        const timersBefore = countTimers();
        const halves = Array.from({ length: waitCount }, (_, index) =>
          client
            .awaitChain({
              chain,
              timeoutMs: 3_600_000,
              ...(index % 2 === 0 ? { signal: controller.signal } : {}),
            })
            .catch(() => "aborted"),
        );
        await stage.process.store.next("getChains");
        controller.abort(new UserError());
        await client.completeChain({ tx: "autocommit", chain, type: "work", output: "done" });
        const results = await Promise.all(halves);
        expect.equal(
          [results.filter((result) => result === "aborted").length, results.length],
          [waitCount / 2, waitCount],
        );
        await eventually(() => openCount === 0);
        expect.ok(
          countTimers() - timersBefore < 100,
          `${countTimers() - timersBefore} timers are left`,
        );
        const reads = stage.process.store.count("getChains");
        const worker = createWorker(client, { ...soon, handlers: { work: async () => "ran" } });
        await stage.use(worker).start();
        await worker.drain();
        expect.equal(stage.process.store.count("getChains"), reads);
      },
    ),

    defineBehaviour("P4: getChain reads every status as it stands", async (stage, expect) => {
      const { client, worker, start } = await openClient(stage, async ({ job }) => {
        if (job.input === "fail") throw new UserError("broken");
        return "ran";
      });
      const labels = { customer: "7" };
      const open = await client.startChain({
        tx: "autocommit",
        type: "work",
        delayMs: 60_000,
        labels,
      });
      const failed = await client.startChain({ tx: "autocommit", type: "work", input: "fail" });
      const completed = await start();
      const cancelled = await client.startChain({
        tx: "autocommit",
        type: "work",
        delayMs: 60_000,
      });
      await client.cancel({ tx: "autocommit", chainIds: [cancelled.id] });
      await worker.start();
      await worker.drain();
      const now = new Date(stage.clock.now());
      expect.equal(await client.getChain({ chain: open }), {
        id: open.id,
        type: "work",
        status: "open",
        createdAt: now,
        closedAt: null,
        labels,
      });
      expect.match(await client.getChain({ chainId: failed.id }), {
        status: "failed",
        closedAt: now,
        error: { name: "UserError", message: "broken" },
      });
      expect.equal(await client.getChain({ chain: completed }), {
        id: completed.id,
        type: "work",
        status: "completed",
        createdAt: now,
        closedAt: now,
        labels: {},
        output: "ran",
      });
      expect.match(await client.getChain({ chain: cancelled }), {
        status: "cancelled",
        reason: null,
        closedAt: now,
      });
      expect.equal(
        await client.getChain({ chainId: "0193e5f0-0000-7000-8000-000000000099" }),
        undefined,
      );
    }),
  ],
};

/** The timers of this process, those of others among them. */
function countTimers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}

async function openClient(
  stage: Stage,
  work: (handler: {
    readonly job: { readonly input: string | undefined };
  }) => Promise<string> = async () => "ran",
) {
  const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
  const worker = stage.use(
    createWorker(client, { ...soon, retry: { maxAttempts: 1 }, handlers: { work } }),
  );
  return { client, worker, start: () => client.startChain({ tx: "autocommit", type: "work" }) };
}
