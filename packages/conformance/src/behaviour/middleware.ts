import {
  createClient,
  createWorker,
  defineJobTypes,
  defineMiddleware,
  type Middleware,
} from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { UserError } from "./support/caught.ts";
import { defineBehaviour, soon } from "./support/stage.ts";

const jobTypes = defineJobTypes<{ work: { entry: true; input: string; output: string } }>();

export const middleware: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "middleware",
  cases: [
    defineBehaviour(
      "P2: middleware runs around every attempt, the first outermost, and adds to the context",
      async (stage, expect) => {
        const order: string[] = [];
        const tenant = defineMiddleware(async ({ job, next }) => {
          order.push(`outer before ${job.type}`);
          const result = await next({
            tenant: `tenant of ${job.chainId === job.id.slice(0, -2) ? "the chain" : "?"}`,
          });
          order.push("outer after");
          return result;
        });
        const timer = defineMiddleware(async ({ signal, next }) => {
          order.push(`inner before, aborted: ${signal.aborted}`);
          const result = await next({ startedAt: 7 });
          order.push("inner after");
          return result;
        });
        const client = stage.use(
          await createClient({ jobTypes, ...stage.process.ports, middleware: [tenant, timer] }),
        );
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              work: async ({ job, context }) => {
                order.push("handler");
                return `${job.input}, ${context.tenant}, ${context.startedAt}`;
              },
            },
          }),
        );
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "work", input: "x" });
        expect.equal(
          (await client.awaitChain({ chain, ...soon })).output,
          "x, tenant of the chain, 7",
        );
        expect.equal(order, [
          "outer before work",
          "inner before, aborted: false",
          "handler",
          "inner after",
          "outer after",
        ]);
      },
    ),

    defineBehaviour(
      "P2: a handler's error passes through, and what a middleware throws instead is the attempt's error",
      async (stage, expect) => {
        const seen: string[] = [];
        const translate = defineMiddleware(async ({ next }) => {
          try {
            return await next({});
          } catch (error) {
            seen.push((error as Error).message);
            throw new UserError("translated");
          }
        });
        const client = stage.use(
          await createClient({ jobTypes, ...stage.process.ports, middleware: [translate] }),
        );
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { maxAttempts: 1 },
            handlers: {
              work: async () => {
                throw new UserError("original");
              },
            },
          }),
        );
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "work", input: "x" });
        await expect.rejects(client.awaitChain({ chain, ...soon }), "CHAIN_FAILED");
        expect.match(await client.inspect.getChain({ chainId: chain.id }), {
          error: { message: "translated" },
        });
        expect.equal(seen, ["original"]);
      },
    ),

    defineBehaviour(
      "P2: a middleware that throws before or after the handler fails the attempt",
      async (stage, expect) => {
        let handled = 0;
        const strict = defineMiddleware(async ({ job, next }) => {
          if (job.attempt === 1) throw new UserError("before");
          const result = await next({});
          if (job.attempt === 2) throw new UserError("after");
          return result;
        });
        const client = stage.use(
          await createClient({ jobTypes, ...stage.process.ports, middleware: [strict] }),
        );
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { backoff: { initialMs: 0 } },
            handlers: {
              work: async ({ job }) => {
                handled++;
                return `attempt ${job.attempt}`;
              },
            },
          }),
        );
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "work", input: "x" });
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "attempt 3");
        expect.equal(handled, 2);
        expect.match(await client.inspect.listAttempts({ jobId: `${chain.id}:0` }), [
          { error: { message: "before" } },
          { error: { message: "after" } },
        ]);
      },
    ),

    defineBehaviour(
      "P2: a middleware that throws after the handler's commit is told and undoes nothing",
      async (stage, expect) => {
        const late = defineMiddleware(async ({ next }) => {
          await next({});
          throw new UserError("too late");
        });
        const client = stage.use(
          await createClient({ jobTypes, ...stage.process.ports, middleware: [late] }),
        );
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: { work: async ({ commit }) => commit(async () => "committed") },
          }),
        );
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "work", input: "x" });
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "committed");
        expect.match(await stage.process.events.first("callback.failed"), {
          callback: "handlerAfterCommit",
          jobId: `${chain.id}:0`,
        });
      },
    ),

    defineBehaviour(
      "P2: a middleware that does not call next, swallows its error, or calls it twice has failed the attempt",
      async (stage, expect) => {
        let handled = 0;
        const proof = {} as never;
        const wrong: Record<string, Middleware<{}>> = {
          "never calls": defineMiddleware(async () => proof),
          swallows: defineMiddleware<{}>(async ({ next }) => next({}).catch(() => proof)),
          "calls twice": defineMiddleware<{}>(async ({ next }) => {
            await next({});
            return next({});
          }),
        };
        for (const [name, given] of Object.entries(wrong)) {
          const process = await stage.openProcess();
          const client = stage.use(
            await createClient({ jobTypes, ...process.ports, middleware: [given] }),
          );
          const worker = stage.use(
            createWorker(client, {
              ...soon,
              retry: { maxAttempts: 1 },
              handlers: {
                work: async () => {
                  handled++;
                  if (name === "swallows") throw new UserError();
                  return "ran";
                },
              },
            }),
          );
          await worker.start();
          const chain = await client.startChain({ tx: "autocommit", type: "work", input: name });
          await expect.rejects(client.awaitChain({ chain, ...soon }), "CHAIN_FAILED");
          expect.match(
            await client.inspect.getChain({ chainId: chain.id }),
            { error: { code: "HANDLER_OUTCOME_INVALID" } },
            name,
          );
          await worker.stop();
        }
        expect.equal(handled, 2, "the handler ran once where next was called, however often");
      },
    ),
  ],
};
