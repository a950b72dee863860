import { createClient, createWorker, defineHandlers, defineJobTypes, json } from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { isoDate, positiveLater } from "./support/schemas.ts";
import { defineBehaviour, soon } from "./support/stage.ts";

const loopLength = 1_000;

export const chains: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "chains",
  cases: [
    defineBehaviour(
      "P2: a linear chain hands its values on, and its output is its last job's",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          "order.reserve": {
            entry: true;
            input: { orderId: string };
            continueWith: "order.charge";
          };
          "order.charge": { input: { orderId: string; cents: number }; continueWith: "order.ship" };
          "order.ship": { input: { orderId: string }; output: { trackingId: string } };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              "order.reserve": async ({ job, continueWith }) =>
                continueWith({
                  type: "order.charge",
                  input: { orderId: job.input.orderId, cents: 500 },
                }),
              "order.charge": async ({ job, continueWith }) =>
                continueWith({
                  type: "order.ship",
                  input: { orderId: `${job.input.orderId}/${job.input.cents}` },
                }),
              "order.ship": async ({ job }) => ({ trackingId: `track-${job.input.orderId}` }),
            },
          }),
        );
        await worker.start();
        const chain = await client.startChain({
          tx: "autocommit",
          type: "order.reserve",
          input: { orderId: "1" },
        });
        expect.equal(await client.awaitChain({ chain, ...soon }), {
          id: chain.id,
          type: "order.reserve",
          status: "completed",
          output: { trackingId: "track-1/500" },
        });
        const { jobs } = await client.inspect.listJobs({ chainId: chain.id, order: "oldest" });
        expect.equal(
          jobs.map((job) => [job.chainIndex, job.type, job.status, job.attempt]),
          [
            [0, "order.reserve", "continued", 1],
            [1, "order.charge", "continued", 1],
            [2, "order.ship", "completed", 1],
          ],
        );
      },
    ),

    defineBehaviour(
      "P2: a branch goes where its handler says, chain by chain",
      async (stage, expect) => {
        const jobTypes = defineJobTypes({
          decide: {
            entry: true,
            input: json<{ amount: number }>(),
            continueWith: ["accept", "reject"],
          },
          accept: { output: json<"accepted">() },
          reject: { input: json<{ reason: string }>(), output: json<{ rejected: string }>() },
        });
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              decide: async ({ job, continueWith }) =>
                job.input.amount > 10
                  ? continueWith({ type: "reject", input: { reason: "too much" } })
                  : continueWith({ type: "accept" }),
              accept: async () => "accepted",
              reject: async ({ job }) => ({ rejected: job.input.reason }),
            },
          }),
        );
        await worker.start();
        const [small, large] = await client.startChains({
          tx: "autocommit",
          chains: [
            { type: "decide", input: { amount: 1 } },
            { type: "decide", input: { amount: 99 } },
          ],
        });
        expect.equal((await client.awaitChain({ chain: small, ...soon })).output, "accepted");
        expect.equal((await client.awaitChain({ chain: large, ...soon })).output, {
          rejected: "too much",
        });
      },
    ),

    defineBehaviour(
      `P2: a loop of ${loopLength} steps comes to its end, one job a step`,
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          count: {
            entry: true;
            input: { from: number; to: number };
            continueWith: "count";
            output: number;
          };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const seen: number[] = [];
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              count: async ({ job, continueWith }) => {
                seen.push(job.chainIndex);
                const { from, to } = job.input;
                return from === to
                  ? from
                  : continueWith({ type: "count", input: { from: from + 1, to } });
              },
            },
          }),
        );
        await worker.start();
        const chain = await client.startChain({
          tx: "autocommit",
          type: "count",
          input: { from: 1, to: loopLength },
        });
        expect.equal((await client.awaitChain({ chain, ...soon })).output, loopLength);
        expect.equal(
          seen,
          Array.from({ length: loopLength }, (_, index) => index),
        );
      },
    ),

    defineBehaviour(
      "P4: a long loop in the only slot lets other work have its turn",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          count: { entry: true; input: number; continueWith: "count" };
          other: { entry: true };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        let otherRanAt: number | undefined;
        let step = 0;
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            concurrency: 1,
            handlers: {
              count: async ({ job, commit, continueWith }) => {
                step = job.input;
                // The end comes when the other job has run, or is the failure of this case.
                if (otherRanAt !== undefined || job.input === 500)
                  return commit(async () =>
                    continueWith({ type: "count", input: 500, delayMs: 1 }),
                  );
                return continueWith({ type: "count", input: job.input + 1 });
              },
              other: async () => {
                otherRanAt = step;
              },
            },
          }),
        );
        await client.startChain({ tx: "autocommit", type: "count", input: 1 });
        const other = await client.startChain({ tx: "autocommit", type: "other" });
        await worker.start();
        await client.awaitChain({ chain: other, ...soon });
        expect.ok(
          otherRanAt !== undefined && otherRanAt < 500,
          `the other job ran after step ${otherRanAt} of the loop`,
        );
      },
    ),

    defineBehaviour(
      "P2: a chain may go on with a type that could have started one, and stays the chain it was",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          invite: { entry: true; continueWith: "greet" };
          greet: {
            entry: true;
            input: { name: string };
            output: { chainType: string; chainIndex: number };
          };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              invite: async ({ continueWith }) =>
                continueWith({ type: "greet", input: { name: "Ada" } }),
              greet: async ({ job }) => ({ chainType: job.chainType, chainIndex: job.chainIndex }),
            },
          }),
        );
        await worker.start();
        const jumped = await client.startChain({ tx: "autocommit", type: "invite" });
        const direct = await client.startChain({
          tx: "autocommit",
          type: "greet",
          input: { name: "Bob" },
        });
        expect.equal((await client.awaitChain({ chain: jumped, ...soon })).output, {
          chainType: "invite",
          chainIndex: 1,
        });
        expect.equal((await client.awaitChain({ chain: direct, ...soon })).output, {
          chainType: "greet",
          chainIndex: 0,
        });
      },
    ),

    defineBehaviour(
      "P3: a handler sees which job and which attempt it is",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          first: { entry: true; continueWith: "second" };
          second: { input: string; output: object };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const tokens: string[] = [];
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { backoff: { initialMs: 0 } },
            handlers: {
              first: async ({ continueWith }) =>
                continueWith({ type: "second", input: "x", priority: 2 }),
              second: async ({ job }) => {
                tokens.push(job.token);
                if (job.attempt === 1) throw new Error("The first attempt fails.");
                const { id, type, chainId, chainIndex, chainType, attempt, input, priority } = job;
                return {
                  id,
                  type,
                  chainId,
                  chainIndex,
                  chainType,
                  attempt,
                  input,
                  priority,
                  isDated: job.createdAt instanceof Date && job.scheduledAt instanceof Date,
                };
              },
            },
          }),
        );
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "first" });
        expect.equal((await client.awaitChain({ chain, ...soon })).output, {
          id: `${chain.id}:1`,
          type: "second",
          chainId: chain.id,
          chainIndex: 1,
          chainType: "first",
          attempt: 2,
          input: "x",
          priority: 2,
          isDated: true,
        });
        expect.equal(new Set(tokens).size, 2, "two attempts have two tokens");
      },
    ),

    defineBehaviour(
      "P8: a continuation with a delay waits for the database's clock",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          now: { entry: true; continueWith: "later" };
          later: { output: string };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              now: async ({ continueWith }) => continueWith({ type: "later", delayMs: 3_600_000 }),
              later: async () => "late",
            },
          }),
        );
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "now" });
        await stage.process.events.first("job.continued");
        await worker.drain();
        expect.match(await client.inspect.getJob({ jobId: `${chain.id}:1` }), {
          status: "scheduled",
          attempt: 0,
        });
        stage.clock.advance(3_600_000);
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "late");
      },
    ),

    defineBehaviour(
      "P2: a continuation that is not returned has no effect",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          only: { entry: true; continueWith: "never"; output: string };
          never: {};
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              only: async ({ continueWith, reschedule }) => {
                continueWith({ type: "never" });
                reschedule({ delayMs: 1 });
                return "done";
              },
              never: async () => {},
            },
          }),
        );
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "only" });
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "done");
        expect.equal((await client.inspect.listJobs({ chainId: chain.id })).jobs.length, 1);
      },
    ),

    defineBehaviour(
      "P2: stored is what a schema takes, and read is what it decodes: input, output and a blocker's output",
      async (stage, expect) => {
        const jobTypes = defineJobTypes({
          meet: { entry: true, input: isoDate, output: isoDate },
          recall: { entry: true, blockers: { meeting: "meet" }, output: json<number>() },
        });
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              meet: async ({ job }) => new Date(job.input.getTime() + 1_000).toISOString(),
              recall: async ({ job }) => job.blockers.meeting.output.getTime(),
            },
          }),
        );
        await worker.start();
        const meeting = await client.startChain({
          tx: "autocommit",
          type: "meet",
          input: "2026-01-01T00:00:00.000Z",
        });
        const recall = await client.startChain({
          tx: "autocommit",
          type: "recall",
          blockers: { meeting },
        });
        const decoded = new Date("2026-01-01T00:00:01.000Z");
        expect.equal((await client.awaitChain({ chain: meeting, ...soon })).output, decoded);
        expect.match(await client.getChain({ chain: meeting }), {
          status: "completed",
          output: decoded,
        });
        expect.equal(
          (await client.awaitChain({ chain: recall, ...soon })).output,
          decoded.getTime(),
        );
        expect.match(await client.inspect.getJob({ jobId: `${meeting.id}:0` }), {
          input: "2026-01-01T00:00:00.000Z",
          output: "2026-01-01T00:00:01.000Z",
        });
      },
    ),

    defineBehaviour(
      "P1: an input that its schema refuses starts nothing, in a list neither",
      async (stage, expect) => {
        const jobTypes = defineJobTypes({
          meet: { entry: true, input: isoDate },
          measure: { entry: true, input: positiveLater },
        });
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        await expect.rejects(
          client.startChain({ tx: "autocommit", type: "meet", input: "soon" }),
          "VALUE_INVALID",
          {
            typeName: "meet",
            where: "input",
            issues: [{ message: "no ISO date", path: "at" }],
          },
        );
        await expect.rejects(
          client.startChains({
            tx: "autocommit",
            chains: [
              { type: "meet", input: "2026-01-01" },
              { type: "measure", input: -1 },
            ],
          }),
          "VALUE_INVALID",
          { typeName: "measure" },
        );
        expect.equal((await client.inspect.countChains()).count, 0);
        expect.equal(
          stage.process.store.count("startChains"),
          0,
          "it is refused before anything is written",
        );
      },
    ),

    defineBehaviour(
      "P2: an output or a next input that its schema refuses fails the attempt, and the next one may do better",
      async (stage, expect) => {
        const jobTypes = defineJobTypes({
          measure: { entry: true, output: positiveLater, continueWith: ["again"] },
          again: { input: positiveLater, output: json<string>() },
        });
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { backoff: { initialMs: 0 } },
            handlers: {
              measure: async ({ job, continueWith }) => {
                if (job.attempt === 1) return -1;
                return continueWith({ type: "again", input: job.attempt === 2 ? -2 : 3 });
              },
              again: async ({ job }) => `again ${job.input}`,
            },
          }),
        );
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "measure" });
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "again 3");
        const attempts = await client.inspect.listAttempts({ jobId: `${chain.id}:0` });
        expect.equal(
          attempts.map(({ outcome, error }) => [outcome, error?.code]),
          [
            ["retried", "VALUE_INVALID"],
            ["retried", "VALUE_INVALID"],
          ],
        );
      },
    ),

    defineBehaviour(
      "P2: a handler that returns no outcome of its type has failed its attempt",
      async (stage, expect) => {
        const jobTypes = defineJobTypes({
          mustContinue: { entry: true, continueWith: "end" },
          wrongNext: { entry: true, continueWith: "end" },
          noOutput: { entry: true },
          end: {},
          elsewhere: {},
        });
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            retry: { maxAttempts: 1 },
            handlers: {
              mustContinue: async () => undefined as never,
              wrongNext: async ({ continueWith }) => continueWith({ type: "elsewhere" as "end" }),
              noOutput: async () => "an output" as never,
            },
          }),
        );
        await worker.start();
        const started = await client.startChains({
          tx: "autocommit",
          chains: [{ type: "mustContinue" }, { type: "wrongNext" }, { type: "noOutput" }],
        });
        await stage.process.events.until(
          () => stage.process.events.named("chain.closed").length === 3,
        );
        const codes = await Promise.all(
          started.map(
            async ({ id }) => (await client.inspect.getChain({ chainId: id }))?.error?.code,
          ),
        );
        expect.equal(codes, ["HANDLER_OUTCOME_INVALID", "JOB_TYPE_UNKNOWN", "VALUE_INVALID"]);
      },
    ),

    defineBehaviour(
      "P2: slices of job types and of handlers work as one",
      async (stage, expect) => {
        const billing = defineJobTypes({
          "billing.charge": {
            entry: true,
            input: json<number>(),
            output: json<{ paid: number }>(),
          },
        });
        const orders = defineJobTypes(
          { "order.place": { entry: true, input: json<number>(), continueWith: "billing.charge" } },
          [billing],
        );
        const client = stage.use(
          await createClient({ jobTypes: [orders, billing], ...stage.process.ports }),
        );
        const orderHandlers = defineHandlers(client, orders, {
          "order.place": async ({ job, continueWith }) =>
            continueWith({ type: "billing.charge", input: job.input * 2 }),
        });
        const billingHandlers = defineHandlers(client, billing, {
          "billing.charge": async ({ job }) => ({ paid: job.input }),
        });
        const worker = stage.use(
          createWorker(client, { ...soon, handlers: [orderHandlers, billingHandlers] }),
        );
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "order.place", input: 21 });
        expect.equal((await client.awaitChain({ chain, ...soon })).output, { paid: 42 });
      },
    ),

    defineBehaviour(
      "P2: a chain crosses processes that handle different types",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          a: { entry: true; continueWith: "b" };
          b: { input: string; continueWith: "c" };
          c: { input: string; output: string };
        }>();
        const other = await stage.openProcess();
        const first = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const second = stage.use(await createClient({ jobTypes, ...other.ports }));
        const workers = [
          createWorker(first, {
            ...soon,
            handlers: {
              a: async ({ continueWith }) => continueWith({ type: "b", input: "a" }),
              c: async ({ job }) => `${job.input}c`,
            },
          }),
          createWorker(second, {
            ...soon,
            handlers: {
              b: async ({ job, continueWith }) =>
                continueWith({ type: "c", input: `${job.input}b` }),
            },
          }),
        ];
        for (const worker of workers) await stage.use(worker).start();
        const chain = await first.startChain({ tx: "autocommit", type: "a" });
        expect.equal((await second.awaitChain({ chain, ...soon })).output, "abc");
      },
    ),

    defineBehaviour(
      "P1: names, ids and options that are wrong are refused before anything is written",
      async (stage, expect) => {
        const jobTypes = defineJobTypes({
          work: { entry: true, input: json<number>(), continueWith: "inner" },
          inner: {},
        });
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const start = (fields: object) =>
          client.startChain({ tx: "autocommit", type: "work", input: 1, ...fields });
        await expect.rejects(start({ type: "unknown" }), "JOB_TYPE_UNKNOWN");
        await expect.rejects(start({ type: "inner", input: undefined }), "JOB_TYPE_UNKNOWN", {
          typeName: "inner",
        });
        await expect.rejects(start({ priority: 10 }), "OPTION_INVALID", { option: "priority" });
        await expect.rejects(start({ priority: 1.5 }), "OPTION_INVALID", { option: "priority" });
        await expect.rejects(start({ delayMs: -1 }), "OPTION_INVALID", { option: "delayMs" });
        await expect.rejects(start({ delayMs: 1, scheduledAt: new Date() }), "OPTION_INVALID");
        await expect.rejects(start({ scheduledAt: new Date(Number.NaN) }), "OPTION_INVALID", {
          option: "scheduledAt",
        });
        await expect.rejects(start({ id: "not-a-uuid" }), "OPTION_INVALID", { option: "id" });
        await expect.rejects(start({ labels: { key: "" } }), "OPTION_INVALID");
        await expect.rejects(start({ deduplication: { key: "a\u0000b" } }), "OPTION_INVALID", {
          option: "deduplication.key",
        });
        await expect.rejects(
          start({ deduplication: { key: "k", scope: "ever" } }),
          "OPTION_INVALID",
          { option: "deduplication.scope" },
        );
        await expect.rejects(start({ tx: undefined }), "TRANSACTION_INVALID");
        expect.equal(stage.process.store.count("startChains"), 0);
      },
    ),

    defineBehaviour(
      "P1: a chain id of the caller's makes a start repeatable, and belongs to one type",
      async (stage, expect) => {
        const jobTypes = defineJobTypes<{
          work: { entry: true; input: number };
          other: { entry: true };
        }>();
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const id = "0193e5f0-0000-7000-8000-000000000001";
        expect.equal(await client.startChain({ tx: "autocommit", type: "work", input: 1, id }), {
          id,
          type: "work",
          deduplicated: false,
        });
        expect.equal(await client.startChain({ tx: "autocommit", type: "work", input: 2, id }), {
          id,
          type: "work",
          deduplicated: "same id",
        });
        await expect.rejects(
          client.startChain({ tx: "autocommit", type: "other", id }),
          "CHAIN_ID_CONFLICT",
          { chainId: id },
        );
        expect.match(await client.inspect.getJob({ jobId: `${id}:0` }), { input: 1 });
        expect.equal((await client.inspect.countChains()).count, 1);
      },
    ),
  ],
};
