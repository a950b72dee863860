import { defineHandlers } from "../worker/create-worker.ts";
import { defineJobTypes } from "../types/define-job-types.ts";
import { json } from "../types/json.ts";
import { defineMiddleware } from "../types/middleware.ts";
import { createTestClient } from "./create-test-client.ts";

const jobTypes = defineJobTypes({
  start: {
    entry: true,
    input: json<{ orderId: string; place: { city: string; street: string } }>(),
    continueWith: ["yes", "no"],
  },
  yes: { output: json<{ accepted: true; word: "yes" }>() },
  no: { output: json<"no">() },
});
const test = await createTestClient({
  jobTypes,
  middleware: [defineMiddleware(({ next }) => next({ user: "ada" }))],
});

// Literals in handlers without parameters do not widen, and the rest is known in those with parameters.
await test.work({
  start: async ({ job, context, continueWith }) =>
    continueWith({ type: job.input.orderId === context.user ? "yes" : "no" }),
  yes: async () => ({ accepted: true, word: "yes" }),
  no: async () => "no",
});
await test.work([defineHandlers(test.client, jobTypes, { no: async () => "no" })]);
// @ts-expect-error a handler that returns another literal
await test.work({ no: async () => "yes" });
// @ts-expect-error a handler of no job type
await test.work({ maybe: async () => "no" });

const chain = await test.client.startChain({
  tx: "autocommit",
  type: "start",
  input: { orderId: "a", place: { city: "b", street: "c" } },
});
const [started] = await test.expectStarted("start", { place: { city: "b" } });
started.input.place.street satisfies string;
// @ts-expect-error an input that the job type does not have
await test.expectStarted("start", { place: { town: "b" } });
// @ts-expect-error no chain starts with it
await test.expectStarted("yes");
const output = await test.expectCompleted(chain, "no");
output satisfies "no" | { accepted: true; word: "yes" };
// @ts-expect-error no output of this chain
await test.expectCompleted(chain, "maybe");
// @ts-expect-error no such outcome
test.expectSettled({ type: "yes", outcome: "done" });
(await test.startedChains({ type: "start" }))[0]?.input.orderId satisfies string | undefined;
// @ts-expect-error the client's own options are checked, too
await createTestClient({ jobTypes, seeds: 1 });
