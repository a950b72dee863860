import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cancelChains, setTypesPaused } from "../../engine/actions.ts";
import { ChainNotFoundError, JobNotFoundError } from "../../errors/chain-errors.ts";
import { CursorInvalidError, OptionInvalidError } from "../../errors/value-errors.ts";
import type { Outcome } from "../../ports/state-adapter.ts";
import {
  createOperationsFixture,
  errorText,
  leaseMs,
  nextJob,
  startMs,
  type OperationsFixture,
} from "../operate/fixtures/operations-fixture.ts";
import { createInspect } from "./create-inspect.ts";
import type { Inspect, InspectOptions } from "./inspect-api.ts";

const at = (ms: number): Date => new Date(startMs + ms);
const secret = JSON.stringify({ secret: "s3cret" });

function create(options: InspectOptions = {}): OperationsFixture & { readonly inspect: Inspect } {
  const fixture = createOperationsFixture();
  return { ...fixture, inspect: createInspect(fixture.context, options) };
}

/** Starts `count` chains, oldest first. */
async function startMany({ start }: OperationsFixture, count: number): Promise<string[]> {
  const chainIds: string[] = [];
  for (let index = 0; index < count; index++) chainIds.push(await start());
  return chainIds;
}

/** A chain of two jobs of which the second has come to `outcome`. */
async function runTwo(
  { start, addWorker, run }: OperationsFixture,
  outcome: Outcome,
): Promise<string> {
  await addWorker("w1", ["order.reserve", "order.ship"]);
  const chainId = await start({ input: secret, labels: { tenant: "acme" } });
  await run("w1", "order.reserve", {
    kind: "continued",
    next: nextJob("order.ship"),
    isSticky: false,
  });
  await run("w1", "order.ship", outcome);
  return chainId;
}

describe("lists", () => {
  test("visit every row once, in order, whatever the size of the pages", async () => {
    const fixture = create();
    const { inspect } = fixture;
    const chainIds = await startMany(fixture, 23);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom("newest", "oldest"),
        async (limit, order) => {
          const chains: string[] = [];
          const jobs: string[] = [];
          let cursor: string | undefined;
          do {
            const page = await inspect.listChains({
              order,
              limit,
              ...(cursor === undefined ? {} : { cursor }),
            });
            expect(page.chains.length).toBeLessThanOrEqual(limit);
            chains.push(...page.chains.map(({ chainId }) => chainId));
            cursor = page.nextCursor;
          } while (cursor !== undefined);
          do {
            const page = await inspect.listJobs({
              order,
              limit,
              ...(cursor === undefined ? {} : { cursor }),
            });
            jobs.push(...page.jobs.map(({ jobId }) => jobId));
            cursor = page.nextCursor;
          } while (cursor !== undefined);
          const expected = order === "oldest" ? chainIds : chainIds.toReversed();
          expect(chains).toEqual(expected);
          expect(jobs).toEqual(expected.map((chainId) => `${chainId}:0`));
        },
      ),
      { numRuns: 40 },
    );
  });

  test("go on inside a chain", async () => {
    const fixture = create();
    const chainId = await runTwo(fixture, { kind: "completed", output: '"T1"' });
    const first = await fixture.inspect.listJobs({ chainId, order: "oldest", limit: 1 });
    expect(first.jobs.map(({ jobId }) => jobId)).toEqual([`${chainId}:0`]);
    const second = await fixture.inspect.listJobs({
      chainId,
      order: "oldest",
      limit: 1,
      cursor: first.nextCursor!,
    });
    expect(second.jobs.map(({ jobId }) => jobId)).toEqual([`${chainId}:1`]);
    expect(second).not.toHaveProperty("nextCursor");
  });

  test("show 50 rows, the newest first, unless they are told otherwise", async () => {
    const fixture = create();
    const chainIds = await startMany(fixture, 51);
    const page = await fixture.inspect.listChains();
    expect(page.chains).toHaveLength(50);
    expect(page.chains[0]?.chainId).toBe(chainIds.at(-1));
    expect((await fixture.inspect.listJobs()).jobs).toHaveLength(50);
    expect((await fixture.inspect.listChains({ limit: 51 })).nextCursor).toBeUndefined();
  });

  test("narrow by what is asked", async () => {
    const fixture = create();
    const { inspect, start, advance, addWorker, claim, context } = fixture;
    const labelled = await start({ labels: { tenant: "acme" } });
    advance(1_000);
    const rate = await start({ type: "rate.fetch" });
    await cancelChains(context, { tx: "autocommit", chainIds: [rate] });
    advance(1_000);
    const newest = await start();
    await addWorker("w1", ["order.reserve"]);
    await claim("w1", "order.reserve");
    const listed = async (options: Parameters<Inspect["listChains"]>[0]): Promise<string[]> => {
      const { chains } = await inspect.listChains({ order: "oldest", ...options });
      expect(await inspect.countChains(options)).toEqual({ count: chains.length, isCapped: false });
      return chains.map(({ chainId }) => chainId);
    };
    expect(await listed({})).toEqual([labelled, rate, newest]);
    expect(await listed({ types: ["rate.fetch"] })).toEqual([rate]);
    expect(await listed({ statuses: ["cancelled", "failed"] })).toEqual([rate]);
    expect(await listed({ label: { key: "tenant", value: "acme" } })).toEqual([labelled]);
    expect(await listed({ createdAfter: at(1_000), createdBefore: at(2_000) })).toEqual([rate]);
    expect(
      (await inspect.listJobs({ workerId: "w1", statuses: ["running"], types: ["order.reserve"] }))
        .jobs,
    ).toMatchObject([
      {
        jobId: `${labelled}:0`,
        workerId: "w1",
        attempt: 1,
        claimedAt: at(2_000),
        completedAt: null,
        chainType: "order.reserve",
      },
    ]);
  });

  test("carry no payload", async () => {
    const fixture = create();
    await runTwo(fixture, { kind: "failed", error: errorText("s3cret") });
    const seen = JSON.stringify([
      await fixture.inspect.listChains(),
      await fixture.inspect.listJobs(),
      await fixture.inspect.listTypes(),
    ]);
    expect(seen).not.toContain("s3cret");
  });

  test("refuse cursors of another list, and those that were changed", async () => {
    const fixture = create();
    await startMany(fixture, 2);
    const { inspect } = fixture;
    const cursor = (await inspect.listChains({ limit: 1 })).nextCursor!;
    await expect(inspect.listJobs({ cursor })).rejects.toThrow(CursorInvalidError);
    await expect(inspect.listChains({ cursor, order: "oldest" })).rejects.toThrow(
      CursorInvalidError,
    );
    await expect(inspect.listChains({ cursor: `${cursor}A` })).rejects.toThrow(CursorInvalidError);
  });

  test.each([
    ["limit", { limit: 0 }],
    ["limit", { limit: 201 }],
    ["limit", { limit: 1.5 }],
    ["order", { order: "random" }],
    ["statuses", { statuses: ["opne"] }],
    ["statuses", { statuses: "open" }],
    ["types", { types: [5] }],
    ["label", { label: { key: "tenant" } }],
    ["createdAfter", { createdAfter: new Date(Number.NaN) }],
    ["createdBefore", { createdBefore: "yesterday" }],
  ])("refuse a wrong %s: %j", async (option, options) => {
    const { inspect } = create();
    const refused = inspect.listChains(options as never);
    await expect(refused).rejects.toThrow(OptionInvalidError);
    await expect(refused).rejects.toMatchObject({ option });
  });

  test("count no further than 10,000", async () => {
    const { context } = createOperationsFixture();
    const caps: number[] = [];
    const state = {
      ...context.state,
      countChains: async ({ cap }: { cap: number }) => (caps.push(cap), Math.min(cap, 20_000)),
    };
    expect(await createInspect({ ...context, state }, {}).countChains()).toEqual({
      count: 10_000,
      isCapped: true,
    });
    expect(caps).toEqual([10_001]);
  });
});

describe("getChain", () => {
  test("gives a completed chain with its jobs and its output", async () => {
    const fixture = create();
    const chainId = await runTwo(fixture, { kind: "completed", output: '"T1"' });
    expect(await fixture.inspect.getChain({ chainId })).toEqual({
      chainId,
      type: "order.reserve",
      status: "completed",
      createdAt: at(0),
      closedAt: at(0),
      labels: { tenant: "acme" },
      last: { jobId: `${chainId}:1`, chainIndex: 1, type: "order.ship", status: "completed" },
      output: "T1",
      error: null,
      cancelReason: null,
      jobs: {
        jobs: [
          expect.objectContaining({ jobId: `${chainId}:0`, status: "continued" }),
          expect.objectContaining({ jobId: `${chainId}:1`, completedBy: "w1" }),
        ],
      },
      blockers: [],
      dependants: [],
      isTruncated: false,
    });
  });

  test("gives the error of a failed one and the reason of a cancelled one", async () => {
    const fixture = create();
    const failed = await runTwo(fixture, { kind: "failed", error: errorText("no address") });
    const cancelled = await fixture.start();
    await cancelChains(fixture.context, {
      tx: "autocommit",
      chainIds: [cancelled],
      reason: "not wanted",
    });
    expect(await fixture.inspect.getChain({ chainId: failed })).toMatchObject({
      status: "failed",
      error: { name: "TypeError", message: "no address" },
      cancelReason: null,
      output: undefined,
    });
    expect(await fixture.inspect.getChain({ chainId: cancelled })).toMatchObject({
      status: "cancelled",
      error: null,
      cancelReason: "not wanted",
    });
  });

  test("names the chains on both sides of it", async () => {
    const { inspect, start } = create();
    const rate = await start({ type: "rate.fetch" });
    const middle = await start({ blockers: [{ slot: "items", ordinal: 1, chainId: rate }] });
    const above = await start({ blockers: [{ slot: "rate", ordinal: 0, chainId: middle }] });
    expect(await inspect.getChain({ chainId: middle })).toMatchObject({
      blockers: [
        {
          jobId: `${middle}:0`,
          slot: "items",
          ordinal: 1,
          chainId: rate,
          chain: { chainId: rate, type: "rate.fetch", status: "open" },
        },
      ],
      dependants: [
        {
          jobId: `${above}:0`,
          slot: "rate",
          ordinal: 0,
          chainId: above,
          chain: { chainId: above },
        },
      ],
    });
  });

  test("says when there is none", async () => {
    const { inspect } = create();
    expect(await inspect.getChain({ chainId: "nowhere" })).toBeUndefined();
    await expect(inspect.getChain({ chainId: "" })).rejects.toThrow(OptionInvalidError);
  });
});

describe("getJob and listAttempts", () => {
  test("show payloads as they are stored, without a schema's reading", async () => {
    const { inspect, start, addWorker, claim, context } = create();
    await addWorker("w1", ["order.reserve"]);
    const chainId = await start({ input: '{"n":1,"list":[null]}' });
    const { chainIndex, claimNo } = (await claim("w1", "order.reserve"))!;
    const key = { chainId, chainIndex, claimNo };
    await context.state.renew({
      workerId: "w1",
      leaseMs,
      held: [key],
      started: [],
      progress: [{ ...key, value: "0.5" }],
    });
    expect(await inspect.getJob({ jobId: `${chainId}:0` })).toMatchObject({
      input: { n: 1, list: [null] },
      progress: 0.5,
      output: undefined,
      error: null,
      cancelReason: null,
    });
  });

  test("show what is no JSON as it is", async () => {
    const { inspect, start } = create();
    const chainId = await start({ input: "{broken" });
    expect(await inspect.getJob({ jobId: `${chainId}:0` })).toMatchObject({ input: "{broken" });
  });

  test("show the attempts that did not succeed, the oldest first", async () => {
    const { inspect, start, addWorker, run, context } = create();
    await addWorker("w1", ["order.reserve"]);
    const chainId = await start();
    await run("w1", "order.reserve", { kind: "retried", delayMs: 0, error: errorText("first") });
    await context.state.promote({ limit: 1 });
    await run("w1", "order.reserve", { kind: "failed", error: errorText("second") });
    expect(await inspect.listAttempts({ jobId: `${chainId}:0` })).toEqual([
      {
        jobId: `${chainId}:0`,
        attempt: 1,
        workerId: "w1",
        outcome: "retried",
        startedAt: at(0),
        endedAt: at(0),
        error: { name: "TypeError", message: "first" },
      },
      {
        jobId: `${chainId}:0`,
        attempt: 2,
        workerId: "w1",
        outcome: "failed",
        startedAt: at(0),
        endedAt: at(0),
        error: { name: "TypeError", message: "second" },
      },
    ]);
  });

  test("say when there is none", async () => {
    const { inspect } = create();
    expect(await inspect.getJob({ jobId: "nowhere:0" })).toBeUndefined();
    await expect(inspect.listAttempts({ jobId: "nowhere:0" })).rejects.toThrow(JobNotFoundError);
    await expect(inspect.getJob({ jobId: "nowhere" })).rejects.toThrow(OptionInvalidError);
  });
});

describe("redact", () => {
  test("is asked about every payload, and what it hides is seen nowhere", async () => {
    const asked: string[] = [];
    const fixture = create({
      redact: (value, { type, where, jobId }) => {
        asked.push(`${where} of ${type} ${jobId.split(":")[1]}`);
        return where === "error" ? { message: "hidden" } : value === undefined ? value : "hidden";
      },
    });
    const { inspect, start, addWorker, run } = fixture;
    const failed = await runTwo(fixture, { kind: "failed", error: errorText("s3cret") });
    const waiting = await start({
      type: "rate.fetch",
      blockers: [{ slot: "rate", ordinal: 0, chainId: failed }],
    });
    await addWorker("w2", ["rate.fetch"]);
    const completed = await start({ type: "rate.fetch" });
    await run("w2", "rate.fetch", { kind: "completed", output: secret });
    const seen = [
      await inspect.getChain({ chainId: failed }),
      await inspect.getChain({ chainId: completed }),
      await inspect.getJob({ jobId: `${failed}:0` }),
      await inspect.getJob({ jobId: `${failed}:1` }),
      await inspect.getJob({ jobId: `${completed}:0` }),
      await inspect.listAttempts({ jobId: `${failed}:1` }),
      await inspect.explain({ chainId: waiting }),
      await inspect.explain({ jobId: `${failed}:1` }),
    ];
    expect(JSON.stringify(seen)).not.toContain("s3cret");
    expect(seen[0]).toMatchObject({ error: { name: "Error", message: "hidden" } });
    expect(seen[1]).toMatchObject({ output: "hidden" });
    expect(seen[6]).toMatchObject({ verdict: expect.stringContaining("hidden") });
    expect(new Set(asked)).toEqual(
      new Set(["input of order.reserve 0", "output of rate.fetch 0", "error of order.ship 1"]),
    );
  });

  test.each([
    ["nothing", undefined, null],
    ["text", "hidden", { name: "Error", message: "hidden" }],
    ["a thing of its own", { code: 5 }, { name: "Error", message: '{"code":5}' }],
  ])("may give back %s for an error", async (_, given, error) => {
    const fixture = create({ redact: () => given });
    const chainId = await runTwo(fixture, { kind: "failed", error: errorText("s3cret") });
    expect(await fixture.inspect.getChain({ chainId })).toMatchObject({ error });
  });

  test("shows nothing when it throws", async () => {
    const fixture = create({
      redact: () => {
        throw new Error("cannot tell");
      },
    });
    const chainId = await fixture.start({ input: secret });
    await expect(fixture.inspect.getJob({ jobId: `${chainId}:0` })).rejects.toThrow("cannot tell");
  });
});

describe("graph", () => {
  test("gives chains and edges, three edges deep unless it is told otherwise", async () => {
    const { inspect, start } = create();
    const chainIds = [await start({ type: "rate.fetch" })];
    for (let index = 0; index < 5; index++)
      chainIds.push(
        await start({ blockers: [{ slot: "rate", ordinal: 0, chainId: chainIds[index]! }] }),
      );
    const network = await inspect.graph({ chainId: chainIds[0]! });
    expect(network.chains.map(({ chainId }) => chainId)).toEqual(chainIds.slice(0, 4));
    expect(network.edges[0]).toEqual({
      jobId: `${chainIds[1]}:0`,
      chainId: chainIds[1],
      slot: "rate",
      ordinal: 0,
      blockedBy: chainIds[0],
    });
    expect(network.isTruncated).toBe(true);
    expect(await inspect.graph({ chainId: chainIds[0]!, depth: 10 })).toMatchObject({
      isTruncated: false,
      chains: { length: 6 },
    });
    expect(await inspect.graph({ chainId: chainIds[0]!, limit: 2 })).toMatchObject({
      isTruncated: true,
      chains: { length: 2 },
    });
  });

  test("refuses what names nothing, and what asks for too much", async () => {
    const { inspect } = create();
    await expect(inspect.graph({ chainId: "nowhere" })).rejects.toThrow(ChainNotFoundError);
    for (const options of [{ depth: 0 }, { depth: 11 }, { limit: 0 }, { limit: 201 }]) {
      await expect(inspect.graph({ chainId: "nowhere", ...options })).rejects.toThrow(
        OptionInvalidError,
      );
    }
  });
});

describe("workers, types and stats", () => {
  test("show what is defined, and how it stands", async () => {
    const { inspect, start, addWorker, claim, advance, context } = create();
    await addWorker("expired", ["order.reserve"]);
    advance(leaseMs);
    await addWorker("w1", ["order.reserve", "elsewhere"], 4);
    await start();
    await claim("w1", "order.reserve");
    await start();
    advance(500);
    const rate = await start({ type: "rate.fetch", schedule: { delayMs: 1_000 } });
    await start({ blockers: [{ slot: "rate", ordinal: 0, chainId: rate }] });
    await setTypesPaused(context, { tx: "autocommit", types: ["old"], isPaused: true });

    expect(await inspect.listWorkers()).toEqual([
      expect.objectContaining({
        workerId: "expired",
        isLive: false,
        leaseUntil: at(leaseMs),
        runningCount: 0,
      }),
      {
        workerId: "w1",
        name: "name of w1",
        host: "host",
        pid: 1,
        types: ["order.reserve", "elsewhere"],
        concurrency: 4,
        startedAt: at(leaseMs),
        leaseUntil: at(2 * leaseMs),
        isLive: true,
        runningCount: 1,
      },
    ]);
    const types = await inspect.listTypes();
    expect(types.map(({ type }) => type)).toEqual([
      "elsewhere",
      "old",
      "order.reserve",
      "order.ship",
      "rate.fetch",
    ]);
    expect(types.find(({ type }) => type === "order.reserve")).toEqual({
      type: "order.reserve",
      definition: { isEntry: true, continueWith: ["order.ship"], blockers: [] },
      isPaused: false,
      counts: { blocked: 1, scheduled: 0, ready: 1, running: 1, failed: 0 },
      oldestReadyMs: 500,
      workers: [{ workerId: "w1", name: "name of w1" }],
    });
    expect(types.find(({ type }) => type === "order.ship")?.definition).toEqual({
      isEntry: false,
      continueWith: [],
      blockers: [
        { slot: "rate", type: "rate.fetch", isList: false },
        { slot: "items", type: "rate.fetch", isList: true },
      ],
    });
    expect(types.find(({ type }) => type === "old")).toMatchObject({
      definition: null,
      isPaused: true,
      oldestReadyMs: null,
      workers: [],
    });
    expect(await inspect.stats()).toEqual({
      counts: { blocked: 1, scheduled: 1, ready: 1, running: 1, failed: 0 },
      isCapped: false,
      oldestReadyMs: 500,
      liveWorkerCount: 1,
      expiredWorkerCount: 1,
      pausedTypes: ["old"],
      typesWithoutWorker: ["rate.fetch"],
    });
  });

  test("say when a count has come to its cap", async () => {
    const { context } = createOperationsFixture();
    const counts = { blocked: 0, scheduled: 0, ready: 10_000, running: 0, failed: 0 };
    const state = {
      ...context.state,
      stats: async ({ cap }: { cap: number }) => [
        { type: "a", isPaused: false, counts: { ...counts, ready: cap }, oldestReadyMs: 1 },
      ],
    };
    expect(await createInspect({ ...context, state }, {}).stats()).toMatchObject({
      isCapped: true,
      counts,
    });
  });
});
