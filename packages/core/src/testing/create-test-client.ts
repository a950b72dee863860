import { createClientIn } from "../client/create-client.ts";
import { LifecycleError } from "../errors/machine-errors.ts";
import { createMemoryNotifyAdapter } from "../memory/create-memory-notify-adapter.ts";
import { createMemoryStateAdapter } from "../memory/create-memory-state-adapter.ts";
import { systemClock } from "../ports/clock.ts";
import type { EmittedEvent } from "../ports/telemetry.ts";
import { defineMiddleware, type Middleware } from "../types/middleware.ts";
import { createWorker } from "../worker/create-worker.ts";
import type { Worker } from "../worker/worker-api.ts";
import {
  assertionError,
  expectCompleted,
  expectFailed,
  expectNotStarted,
  expectSettled,
  expectStarted,
} from "./expectations.ts";
import { readStartedChains, type ChainLabel } from "./read-started-chains.ts";
import { createSeededChance } from "./seeded-chance.ts";
import type {
  CreateTestClient,
  SettledAttempt,
  TestChain,
  TestClient,
  TestClientOptions,
} from "./test-client-api.ts";
import { createVirtualClock, type VirtualClock } from "./virtual-clock.ts";

/** The longest that are allowed: a year of virtual time costs some thousand beats and polls. */
const leaseMs = 86_400_000;
const pollIntervalMs = 3_600_000;

const drainTimeoutMs = 5_000;

/**
 * Makes a client with a worker, a database and a clock of its own, all in memory, for tests of job types. Time stands still until `advance` moves it.
 * Throws what `createClient` throws.
 */
export const createTestClient: CreateTestClient = (options) =>
  createUntypedTestClient(options as never) as never;

async function createUntypedTestClient(
  options: TestClientOptions<never, readonly Middleware<unknown>[]>,
): Promise<TestClient<unknown, object>> {
  const clock = createVirtualClock({ startAt: options.startAt });
  const state = createMemoryStateAdapter({ clock: clock.now });
  const notify = createMemoryNotifyAdapter();
  const watch = createAttemptWatch();
  const client = await createClientIn(
    { clock, chance: createSeededChance(options.seed) },
    {
      jobTypes: options.jobTypes,
      state,
      notify,
      middleware: [watch.middleware, ...(options.middleware ?? [])],
      events: [watch.subscriber, ...(options.events ?? [])],
    },
  );
  let worker: Worker | undefined;
  let types: readonly string[] = [];
  let closing: Promise<void> | undefined;

  const hasWork = async (): Promise<boolean> => {
    const stats = await state.stats({ cap: 1 });
    return stats.some(
      ({ type, isPaused, counts }) =>
        types.includes(type) && (counts.running > 0 || (counts.ready > 0 && !isPaused)),
    );
  };

  const drain = async (timeoutMs: number): Promise<void> => {
    if (worker === undefined)
      throw new LifecycleError("There are no handlers yet. Call work(handlers) before drain.");
    const deadlineMs = systemClock.monotonicNow() + timeoutMs;
    for (await clock.idle(); await hasWork(); await clock.idle()) {
      if (systemClock.monotonicNow() > deadlineMs) throw stuckError(timeoutMs, [...watch.running]);
      // Nobody may have announced what is ready.
      await notify.publish(types.map((type) => ({ kind: "type", type })));
      await realTime(1);
    }
  };

  const close = async (): Promise<void> => {
    if (worker !== undefined) await moveTimeUntil(clock, worker.stop({ timeoutMs: 0 }));
    await client.close();
    await notify.close();
    await state.close();
  };

  const readChains = (
    filter: { readonly type?: string | undefined; readonly label?: ChainLabel | undefined } = {},
  ): Promise<readonly TestChain[]> =>
    readStartedChains(state, {
      types: filter.type === undefined ? undefined : [filter.type],
      label: filter.label,
    });

  const test: Untyped = {
    client,
    clock,
    now: () => new Date(clock.now()),
    async work(handlers) {
      if (worker !== undefined)
        throw new LifecycleError("The test client works already. Give all handlers at once.");
      worker = createWorker(client, {
        handlers,
        concurrency: options.concurrency,
        retry: options.retry,
        leaseMs,
        pollIntervalMs,
        prefetchMs: 0,
        name: "test",
      });
      types = typesOf(handlers);
      await worker.start();
    },
    drain: (drainOptions) => drain(drainOptions?.timeoutMs ?? drainTimeoutMs),
    advance: (to) => clock.advance(to),

    startedChains: readChains,
    settledAttempts: ({ type, outcome } = {}) =>
      watch.settled.filter(
        (settled) =>
          (type === undefined || settled.type === type) &&
          (outcome === undefined || settled.outcome === outcome),
      ),

    expectStarted: async (type, input) => expectStarted(await readChains(), type, input),
    expectNotStarted: async (type, input) => expectNotStarted(await readChains(), type, input),
    expectCompleted: (chain, output) => expectCompleted(client, chain, output),
    expectFailed: (chain, expected) => expectFailed(client, chain, expected?.message),
    expectSettled: (expected) => expectSettled(watch.settled, expected),
    close: () => (closing ??= close()),
  };
  return test as unknown as TestClient<unknown, object>;
}

// The compiler checks calls against `TestClient`; inside, job types are plain names and values unknown.
interface Untyped {
  readonly client: unknown;
  readonly clock: VirtualClock;
  now(): Date;
  work(handlers: object): Promise<void>;
  drain(options?: { readonly timeoutMs?: number | undefined }): Promise<void>;
  advance(to: number | { readonly to: Date }): Promise<void>;
  startedChains(filter?: {
    readonly type?: string | undefined;
    readonly label?: ChainLabel | undefined;
  }): Promise<readonly TestChain[]>;
  settledAttempts(filter?: {
    readonly type?: string | undefined;
    readonly outcome?: string | undefined;
  }): readonly SettledAttempt[];
  expectStarted(type: string, input?: unknown): Promise<readonly TestChain[]>;
  expectNotStarted(type: string, input?: unknown): Promise<void>;
  expectCompleted(chain: { id: string; type: string }, output?: unknown): Promise<unknown>;
  expectFailed(
    chain: { id: string; type: string },
    expected?: { readonly message?: string | RegExp | undefined },
  ): Promise<unknown>;
  expectSettled(expected: {
    readonly type: string;
    readonly outcome: SettledAttempt["outcome"];
    readonly attempt?: number | undefined;
  }): SettledAttempt;
  close(): Promise<void>;
}

interface RunningAttempt {
  readonly jobId: string;
  readonly type: string;
}

/** Sees the attempts that run, handlers that outlived their lease included, and those that have ended. */
interface AttemptWatch {
  readonly middleware: Middleware<object>;
  readonly subscriber: (events: readonly EmittedEvent[]) => void;
  readonly running: ReadonlySet<RunningAttempt>;
  readonly settled: readonly SettledAttempt[];
}

function createAttemptWatch(): AttemptWatch {
  const running = new Set<RunningAttempt>();
  const settled: SettledAttempt[] = [];
  return {
    running,
    settled,
    middleware: defineMiddleware(async ({ job, next }) => {
      const attempt = { jobId: job.id, type: job.type };
      running.add(attempt);
      try {
        return await next({});
      } finally {
        running.delete(attempt);
      }
    }),
    subscriber: (events) => {
      for (const event of events) {
        if (event.name !== "attempt.ended") continue;
        const { jobId, type, chainId, chainType, attempt, outcome, error, retryInMs, atMs } = event;
        settled.push({
          jobId,
          type,
          chainId,
          chainType,
          attempt,
          outcome,
          error,
          retryInMs,
          endedAt: new Date(atMs),
        });
      }
    },
  };
}

function stuckError(timeoutMs: number, running: readonly RunningAttempt[]): Error {
  return assertionError(
    `After ${timeoutMs} ms there was still work. What runs waits for a later time (advance), or for something that the test has to do.`,
    running.length === 0
      ? ["found: no handler runs; a transaction may be open"]
      : running.map(({ jobId, type }) => `- "${type}" runs (job "${jobId}")`),
  );
}

function typesOf(handlers: object): readonly string[] {
  const sets =
    Symbol.iterator in handlers
      ? [...(handlers as Iterable<{ readonly handlers: object }>)].map((set) => set.handlers)
      : [handlers];
  return sets.flatMap((set) => Object.keys(set));
}

/** Lets time pass for as long as it takes: a stop waits for aborted handlers, by the clock. */
async function moveTimeUntil(clock: VirtualClock, done: Promise<void>): Promise<void> {
  const end = { isReached: false };
  const finished = done.finally(() => {
    end.isReached = true;
  });
  for (await clock.idle(); !end.isReached;) await clock.advance(1_000);
  await finished;
}

function realTime(ms: number): Promise<void> {
  return new Promise((resolve) => void systemClock.schedule(ms, resolve));
}
