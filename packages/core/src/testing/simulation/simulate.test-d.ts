import { defineJobTypes } from "../../types/define-job-types.ts";
import { defineMiddleware } from "../../types/middleware.ts";
import { simulate } from "./simulate.ts";

const jobTypes = defineJobTypes<{
  start: { entry: true; input: { orderId: string }; continueWith: "yes" | "no" };
  yes: { output: { accepted: true; word: "yes" } };
  no: { output: "no" };
}>();

// What `world` returns, the job types and the middleware's context are known in all that follows; literals do not widen.
await simulate(jobTypes, {
  world: ({ random }) => ({ limit: random.between(1, 9), taken: new Set<string>() }),
  middleware: [defineMiddleware(({ next }) => next({ user: "ada" }))],
  handlers: ({ world, call }) => ({
    start: async ({ job, context, continueWith }) => {
      const isNew: boolean = await call(() => !world.taken.has(job.input.orderId));
      return continueWith({ type: isNew && context.user === "ada" ? "yes" : "no" });
    },
    yes: async () => ({ accepted: true, word: "yes" }),
    no: async () => "no",
  }),
  start: ({ client, step }) =>
    client.startChain({ tx: "autocommit", type: "start", input: { orderId: `${step}` } }),
  invariants: {
    "outputs and inputs are those of the job types": async ({ chains, world }) => {
      for (const { input, output } of await chains("start")) {
        const orderId: string = input.orderId;
        const word: "yes" | "no" | undefined = typeof output === "object" ? output.word : output;
        if (world.taken.size > world.limit) throw new Error(`${orderId} ${word}`);
      }
    },
  },
});

await simulate(jobTypes, {
  // @ts-expect-error a handler that returns another literal
  handlers: () => ({ no: async () => "yes" }),
  // @ts-expect-error a start with an input of another type
  start: ({ client }) => client.startChain({ tx: "autocommit", type: "start", input: {} }),
});

await simulate(jobTypes, {
  handlers: () => ({}),
  // Without `world` there is none.
  start: async ({ world }) => world satisfies undefined,
  // @ts-expect-error a kind of fault that does not exist
  without: ["fire"],
});
