import {
  createClient,
  createWorker,
  defineJobTypes,
  json,
  type Client,
  type TypesOf,
} from "queuert";
import type { BenchStore } from "./stores.ts";

const jobTypes = defineJobTypes({
  noop: { entry: true, input: json<{ payload: string }>() },
  "step.0": { entry: true, continueWith: "step.1" },
  "step.1": { continueWith: "step.2" },
  "step.2": { continueWith: "step.3" },
  "step.3": { continueWith: "step.4" },
  "step.4": {},
  gate: { entry: true },
  gated: { entry: true, blockers: { gate: "gate" } },
  other: { entry: true },
});

type BenchClient = Client<TypesOf<typeof jobTypes>, never>;

/** What a run of a scenario came to. */
export interface Measurement {
  /** What is counted: "jobs", "steps", "chains". */
  readonly unit: string;
  readonly count: number;
  readonly elapsedMs: number;
  /** Of the whole process. */
  readonly cpuMicroseconds: number;
}

/** Is given what is timed, to run it once: a profiler stands here. */
export type Observe = (run: () => Promise<void>) => Promise<void>;

/** One thing that is measured on an empty store. */
export interface Scenario {
  readonly name: string;
  readonly run: (store: BenchStore, size: Size, observe?: Observe) => Promise<Measurement>;
}

/** How large a run is: the figures need the full size, a check for rot does with a small one. */
export interface Size {
  readonly jobCount: number;
  readonly aheadCount: number;
}

const payload = "x".repeat(88);

async function startNoops(client: BenchClient, count: number): Promise<void> {
  await inBatches(count, (size) =>
    client.startChains({
      tx: "autocommit",
      chains: Array.from({ length: size }, () => ({ type: "noop" as const, input: { payload } })),
    }),
  );
}

async function inBatches(count: number, start: (size: number) => Promise<unknown>): Promise<void> {
  for (let left = count; left > 0; left -= 1_000) await start(Math.min(left, 1_000));
}

const observeNothing: Observe = async (run) => run();

async function time(
  run: () => Promise<void>,
  observe: Observe = observeNothing,
): Promise<Pick<Measurement, "elapsedMs" | "cpuMicroseconds">> {
  let elapsedMs = 0;
  let cpuMicroseconds = 0;
  await observe(async () => {
    const cpuBefore = process.cpuUsage();
    const startedAtMs = performance.now();
    await run();
    elapsedMs = performance.now() - startedAtMs;
    const { user, system } = process.cpuUsage(cpuBefore);
    cpuMicroseconds = user + system;
  });
  return { elapsedMs, cpuMicroseconds };
}

/** Drains what is ready with one worker in this process, and takes the time from the worker's start to the last verdict. */
async function drain(client: BenchClient, concurrency: number, observe: Observe | undefined) {
  const worker = createWorker(client, {
    concurrency,
    handlers: {
      noop: async () => {},
      "step.0": async ({ continueWith }) => continueWith({ type: "step.1" }),
      "step.1": async ({ continueWith }) => continueWith({ type: "step.2" }),
      "step.2": async ({ continueWith }) => continueWith({ type: "step.3" }),
      "step.3": async ({ continueWith }) => continueWith({ type: "step.4" }),
      "step.4": async () => {},
    },
  });
  const usage = await time(async () => {
    await worker.start();
    await worker.drain();
  }, observe);
  await worker.stop();
  return usage;
}

const openClient = ({ state, notify }: BenchStore): Promise<BenchClient> =>
  createClient({ jobTypes, state, notify });

/** Drains `jobCount` no-op jobs behind whatever `prepare` has put ahead of them. */
function drainScenario(
  name: string,
  concurrency: number,
  prepare: (client: BenchClient, aheadCount: number) => Promise<void>,
): Scenario {
  return {
    name,
    run: async (store, { jobCount, aheadCount }, observe) => {
      const client = await openClient(store);
      await prepare(client, aheadCount);
      await startNoops(client, jobCount);
      return { unit: "jobs", count: jobCount, ...(await drain(client, concurrency, observe)) };
    },
  };
}

const nothingAhead = async (): Promise<void> => {};

async function otherTypesAhead(client: BenchClient, count: number): Promise<void> {
  await inBatches(count, (size) =>
    client.startChains({
      tx: "autocommit",
      chains: Array.from({ length: size }, () => ({ type: "other" as const })),
    }),
  );
}

async function futureJobsAhead(client: BenchClient, count: number): Promise<void> {
  await inBatches(count, (size) =>
    client.startChains({
      tx: "autocommit",
      chains: Array.from({ length: size }, (_, index) => ({
        type: "noop" as const,
        input: { payload },
        delayMs: 86_400_000 + index,
      })),
    }),
  );
}

async function blockedJobsAhead(client: BenchClient, count: number): Promise<void> {
  const gate = await client.startChain({ tx: "autocommit", type: "gate" });
  await inBatches(count, (size) =>
    client.startChains({
      tx: "autocommit",
      chains: Array.from({ length: size }, () => ({ type: "gated" as const, blockers: { gate } })),
    }),
  );
}

/** All that is measured, in the order of the report. */
export const scenarios: readonly Scenario[] = [
  {
    name: "start, batches of 1,000",
    run: async (store, { jobCount }, observe) => {
      const client = await openClient(store);
      const usage = await time(async () => startNoops(client, jobCount), observe);
      return { unit: "chains", count: jobCount, ...usage };
    },
  },
  {
    name: "start, one after another",
    run: async (store, { jobCount }, observe) => {
      const client = await openClient(store);
      const count = Math.ceil(jobCount / 20);
      const usage = await time(async () => {
        for (let index = 0; index < count; index++)
          await client.startChain({ tx: "autocommit", type: "noop", input: { payload } });
      }, observe);
      return { unit: "chains", count, ...usage };
    },
  },
  drainScenario("drain, concurrency 50", 50, nothingAhead),
  drainScenario("drain, concurrency 10", 10, nothingAhead),
  drainScenario("drain behind jobs of other types", 50, otherTypesAhead),
  drainScenario("drain behind future jobs", 50, futureJobsAhead),
  drainScenario("drain behind blocked jobs", 50, blockedJobsAhead),
  {
    name: "steps of 5-step chains",
    run: async (store, { jobCount }, observe) => {
      const client = await openClient(store);
      const chainCount = Math.ceil(jobCount / 5);
      await inBatches(chainCount, (size) =>
        client.startChains({
          tx: "autocommit",
          chains: Array.from({ length: size }, () => ({ type: "step.0" as const })),
        }),
      );
      return { unit: "steps", count: chainCount * 5, ...(await drain(client, 50, observe)) };
    },
  },
];
