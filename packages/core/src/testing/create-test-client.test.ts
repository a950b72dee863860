import { afterEach, describe, expect, it } from "vitest";
import { UnrecoverableError } from "../errors/attempt-errors.ts";
import { LifecycleError } from "../errors/machine-errors.ts";
import { TransactionNestedError } from "../errors/store-errors.ts";
import { defineJobTypes } from "../types/define-job-types.ts";
import { json } from "../types/json.ts";
import { defineMiddleware } from "../types/middleware.ts";
import { createTestClient } from "./create-test-client.ts";

const jobTypes = defineJobTypes({
  "order.reserve": {
    entry: true,
    input: json<{ orderId: string; lines?: number }>(),
    continueWith: ["order.charge", "order.reject"],
  },
  "order.charge": { input: json<{ orderId: string }>(), output: json<{ charged: true }>() },
  "order.reject": { input: json<{ orderId: string }>(), output: json<{ charged: false }>() },
  "rate.fetch": { entry: true, output: json<number>() },
  "report.build": {
    entry: true,
    output: json<number>(),
    blockers: { rate: "rate.fetch", more: ["rate.fetch"] },
  },
  "expense.approve": {
    entry: true,
    input: json<{ cents: number }>(),
    output: json<"approved" | "refused">(),
  },
  "clock.tick": {
    entry: true,
    input: json<{ count: number }>(),
    continueWith: "clock.tick",
    output: json<string>(),
  },
});

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function setUp(options: { readonly startAt?: Date; readonly seed?: number } = {}) {
  const test = await createTestClient({ jobTypes, ...options });
  closers.push(() => test.close());
  return test;
}

const autocommit = { tx: "autocommit" } as const;
const minuteMs = 60_000;

describe("createTestClient", () => {
  it("drains a chain to its end, continuations included", async () => {
    const test = await setUp();
    await test.work({
      "order.reserve": async ({ job, continueWith }) =>
        continueWith({ type: "order.charge", input: { orderId: job.input.orderId } }),
      "order.charge": async () => ({ charged: true }),
    });
    const chain = await test.client.startChain({
      ...autocommit,
      type: "order.reserve",
      input: { orderId: "a" },
    });
    await test.drain();
    expect(await test.expectCompleted(chain, { charged: true })).toEqual({ charged: true });
    expect(test.settledAttempts().map(({ type, outcome }) => [type, outcome])).toEqual([
      ["order.reserve", "continued"],
      ["order.charge", "completed"],
    ]);
  });

  it("retries by the policy's backoff as time is moved, each attempt at its own time", async () => {
    const test = await setUp();
    const times: number[] = [];
    const startMs = test.now().getTime();
    await test.work({
      "rate.fetch": {
        retry: {
          maxAttempts: 4,
          backoff: { initialMs: 1_000, factor: 10, maxMs: 3_600_000, jitter: 0 },
        },
        handle: async ({ job }) => {
          times.push(test.now().getTime() - startMs);
          if (job.attempt < 4) throw new Error(`no rate (${job.attempt})`);
          return 7;
        },
      },
    });
    const chain = await test.client.startChain({ ...autocommit, type: "rate.fetch" });
    await test.drain();
    expect(times).toEqual([0]);
    expect(
      test.expectSettled({ type: "rate.fetch", outcome: "retried", attempt: 1 }),
    ).toMatchObject({ retryInMs: 1_000, error: { message: "no rate (1)" } });
    await test.advance(999);
    expect(times).toEqual([0]);
    await test.advance(1);
    expect(times).toEqual([0, 1_000]);
    await test.advance(10 * minuteMs);
    expect(times).toEqual([0, 1_000, 11_000, 111_000]);
    await test.expectCompleted(chain, 7);
  });

  it("shows a chain that failed", async () => {
    const test = await setUp();
    await test.work({
      "rate.fetch": async () => {
        throw new UnrecoverableError("The bank has closed.");
      },
    });
    const chain = await test.client.startChain({ ...autocommit, type: "rate.fetch" });
    await test.drain();
    expect(await test.expectFailed(chain, { message: "closed" })).toMatchObject({
      name: "UnrecoverableError",
    });
    await test.expectFailed(chain, { message: /bank/ });
    await expect(test.expectFailed(chain, { message: "open" })).rejects.toThrow(
      'expected: "open"\n  found:    "The bank has closed."',
    );
    await expect(test.expectCompleted(chain)).rejects.toThrow(
      "found: failed with UnrecoverableError: The bank has closed.",
    );
  });

  it("runs scheduled jobs when they are due, in the order of their times", async () => {
    const test = await setUp({ startAt: new Date("2030-05-01T08:00:00Z") });
    const seen: [number, string][] = [];
    await test.work({
      "expense.approve": async ({ job }) => {
        seen.push([job.input.cents, test.now().toISOString()]);
        return "approved";
      },
    });
    const type = "expense.approve";
    await test.client.startChain({
      ...autocommit,
      type,
      input: { cents: 2 },
      scheduledAt: new Date("2030-05-03T00:00:00Z"),
    });
    await test.client.startChain({
      ...autocommit,
      type,
      input: { cents: 1 },
      delayMs: 90 * minuteMs,
    });
    await test.drain();
    expect(seen).toEqual([]);
    await test.advance({ to: new Date("2030-05-01T09:29:59.999Z") });
    expect(seen).toEqual([]);
    await test.advance({ to: new Date("2030-06-01T00:00:00Z") });
    expect(seen).toEqual([
      [1, "2030-05-01T09:30:00.000Z"],
      [2, "2030-05-03T00:00:00.000Z"],
    ]);
  });

  it("waits for an approval that comes from outside", async () => {
    const test = await setUp();
    await test.work({ "rate.fetch": async () => 1 });
    const chain = await test.client.startChain({
      ...autocommit,
      type: "expense.approve",
      input: { cents: 5 },
    });
    await test.drain();
    await expect(test.expectCompleted(chain, "approved")).rejects.toThrow(
      /found: open\. .*expense\.approve/,
    );
    await test.client.completeChain({
      ...autocommit,
      chain,
      type: "expense.approve",
      output: "refused",
    });
    await test.expectCompleted(chain, "refused");
    await expect(test.expectCompleted(chain, "approved")).rejects.toThrow(
      'expected: "approved"\n  found:    "refused"',
    );
  });

  it("runs a blocked job once its blockers have completed, and not before", async () => {
    const test = await setUp();
    let rate = 0;
    await test.work({
      "rate.fetch": async () => ++rate,
      "report.build": async ({ job }) =>
        job.blockers.rate.output +
        job.blockers.more.reduce((sum, { output }) => sum + output * 10, 0),
    });
    const [first, second, third] = await test.client.startChains({
      ...autocommit,
      chains: [
        { type: "rate.fetch" },
        { type: "rate.fetch", delayMs: minuteMs },
        { type: "rate.fetch", delayMs: 2 * minuteMs },
      ],
    });
    const report = await test.client.startChain({
      ...autocommit,
      type: "report.build",
      blockers: { rate: first, more: [second, third] },
    });
    await test.drain();
    await test.expectCompleted(first, 1);
    await test.advance(minuteMs);
    await expect(test.expectCompleted(report)).rejects.toThrow("found: open.");
    await test.advance(minuteMs);
    await test.expectCompleted(report, 1 + 20 + 30);
  });

  it("aborts a handler that runs into its timeout, and does not hang on one that waits for a later time", async () => {
    const test = await setUp();
    const aborted: number[] = [];
    const startMs = test.now().getTime();
    await test.work({
      "rate.fetch": {
        timeoutMs: 30_000,
        retry: { maxAttempts: 1 },
        handle: ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => {
              aborted.push(test.now().getTime() - startMs);
              reject(signal.reason as Error);
            });
          }),
      },
      "expense.approve": ({ job }) =>
        new Promise(
          (resolve) => void test.clock.schedule(job.input.cents, () => resolve("approved")),
        ),
    });
    const chain = await test.client.startChain({ ...autocommit, type: "rate.fetch" });
    const slow = await test.client.startChain({
      ...autocommit,
      type: "expense.approve",
      input: { cents: 3 * 24 * 60 * minuteMs },
    });
    await test.advance(29_999);
    expect(aborted).toEqual([]);
    await test.advance(1);
    expect(aborted).toEqual([30_000]);
    await test.expectFailed(chain, { message: "timeoutMs" });
    await expect(test.drain({ timeoutMs: 20 })).rejects.toThrow(
      `- "expense.approve" runs (job "${slow.id}:0")`,
    );
    await test.advance({ to: new Date(startMs + 4 * 24 * 60 * minuteMs) });
    await test.expectCompleted(slow, "approved");
  });

  it("runs a recurring step for a year of virtual time", async () => {
    const test = await setUp();
    await test.work({
      "clock.tick": async ({ job, continueWith }) =>
        job.input.count === 12
          ? "done"
          : continueWith({
              type: "clock.tick",
              input: { count: job.input.count + 1 },
              delayMs: 30 * 24 * 60 * minuteMs,
            }),
    });
    const chain = await test.client.startChain({
      ...autocommit,
      type: "clock.tick",
      input: { count: 1 },
    });
    await test.advance(10 * 30 * 24 * 60 * minuteMs);
    expect(test.settledAttempts({ type: "clock.tick" })).toHaveLength(11);
    await test.advance(30 * 24 * 60 * minuteMs);
    await test.expectCompleted(chain, "done");
  });

  it("settles in the handler's own transaction, and gives it the middleware's context", async () => {
    const greetings: string[] = [];
    const test = await createTestClient({
      jobTypes,
      middleware: [defineMiddleware(({ next }) => next({ greeting: "hello" }))],
    });
    closers.push(() => test.close());
    await test.work({
      "rate.fetch": async ({ commit, context }) =>
        commit(async (tx) => {
          greetings.push(context.greeting);
          await test.client.startChain({ tx, type: "expense.approve", input: { cents: 1 } });
          return 3;
        }),
    });
    const chain = await test.client.startChain({ ...autocommit, type: "rate.fetch" });
    await test.drain();
    await test.expectCompleted(chain, 3);
    await test.expectStarted("expense.approve", { cents: 1 });
    expect(greetings).toEqual(["hello"]);
  });

  it("waits for handlers that use real time, while it drains", async () => {
    const test = await setUp();
    await test.work({
      "rate.fetch": () => new Promise((resolve) => setTimeout(() => resolve(1), 30)),
    });
    const chain = await test.client.startChain({ ...autocommit, type: "rate.fetch" });
    await test.drain();
    expect(await test.expectCompleted(chain)).toBe(1);
  });

  it("tells of a call that forgot its transaction instead of hanging", async () => {
    const test = await setUp();
    await expect(
      test.client.transaction(async () => {
        await test.client.startChain({ ...autocommit, type: "rate.fetch" });
      }),
    ).rejects.toBeInstanceOf(TransactionNestedError);
  });

  it("repeats itself for a seed", async () => {
    const idOfStart = async (seed: number): Promise<string> => {
      const test = await setUp({ seed });
      return (await test.client.startChain({ ...autocommit, type: "rate.fetch" })).id;
    };
    expect(await idOfStart(5)).toBe(await idOfStart(5));
    expect(await idOfStart(5)).not.toBe(await idOfStart(6));
  });

  it("refuses handlers twice, and to drain without any", async () => {
    const test = await setUp();
    await expect(test.drain()).rejects.toBeInstanceOf(LifecycleError);
    await test.work({ "rate.fetch": async () => 1 });
    await expect(test.work({ "rate.fetch": async () => 1 })).rejects.toBeInstanceOf(LifecycleError);
  });

  it("aborts what runs when it is closed, and closes once", async () => {
    const test = await setUp();
    const reasons: unknown[] = [];
    await test.work({
      "rate.fetch": ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            reasons.push((signal.reason as { reason: unknown }).reason);
            reject(signal.reason as Error);
          });
        }),
    });
    await test.client.startChain({ ...autocommit, type: "rate.fetch" });
    await test.advance(1);
    await test.close();
    await test.close();
    expect(reasons).toEqual(["shutdown"]);
  });
});

describe("the assertions of a test client", () => {
  it("find chains by type, label and part of the input", async () => {
    const test = await setUp();
    await test.client.startChain({
      ...autocommit,
      type: "order.reserve",
      input: { orderId: "a", lines: 2 },
      labels: { tenant: "t1" },
    });
    await test.client.startChain({ ...autocommit, type: "rate.fetch" });
    expect(await test.startedChains({ label: { key: "tenant", value: "t1" } })).toMatchObject([
      { type: "order.reserve", status: "open", input: { orderId: "a", lines: 2 } },
    ]);
    expect(await test.startedChains({ type: "rate.fetch" })).toMatchObject([
      { status: "open", input: undefined, createdAt: test.now() },
    ]);
    expect(await test.startedChains()).toHaveLength(2);
    const [found] = await test.expectStarted("order.reserve", { orderId: "a" });
    expect(found.input.lines).toBe(2);
    await test.expectNotStarted("order.reserve", { orderId: "b" });
    await test.expectNotStarted("report.build");
  });

  it("say what was found instead", async () => {
    const test = await setUp();
    await expect(test.expectStarted("rate.fetch")).rejects.toThrow(
      'Expected a chain of "rate.fetch" to have been started.\n  found: no chain at all',
    );
    await test.client.startChain({ ...autocommit, type: "order.reserve", input: { orderId: "a" } });
    await expect(test.expectStarted("order.reserve", { orderId: "b" })).rejects.toThrow(
      'with an input that has {"orderId":"b"} to have been started.\n  found, of this type:\n  - "order.reserve" {"orderId":"a"} (open)',
    );
    await expect(test.expectStarted("rate.fetch")).rejects.toThrow(
      'found, of other types:\n  - "order.reserve"',
    );
    await expect(test.expectNotStarted("order.reserve")).rejects.toThrow(
      '- "order.reserve" {"orderId":"a"} (open)',
    );
    await expect(test.expectCompleted({ id: "none", type: "rate.fetch" })).rejects.toThrow(
      "found: no such chain",
    );
    expect(() => test.expectSettled({ type: "rate.fetch", outcome: "completed" })).toThrow(
      "found: no attempt has ended",
    );
    await test.work({
      "order.reserve": async () => {
        throw new Error("out of stock");
      },
    });
    await test.drain();
    expect(() =>
      test.expectSettled({ type: "order.reserve", outcome: "retried", attempt: 2 }),
    ).toThrow(
      'Attempt 2 of "order.reserve" was expected to have ended as "retried".\n  found, of "order.reserve":\n  - "order.reserve" attempt 1: retried, Error: out of stock',
    );
    expect(() => test.expectSettled({ type: "rate.fetch", outcome: "completed" })).toThrow(
      "found, of other types:",
    );
  });

  it("tell of a cancelled chain", async () => {
    const test = await setUp();
    const chain = await test.client.startChain({ ...autocommit, type: "rate.fetch" });
    await test.client.cancel({ ...autocommit, chainIds: [chain.id], reason: "no need" });
    await expect(test.expectCompleted(chain)).rejects.toThrow('found: cancelled for "no need"');
    await expect(test.expectFailed(chain)).rejects.toThrow('found: cancelled for "no need"');
  });
});
