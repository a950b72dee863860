import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { createClient, createWorker, defineJobTypes, json } from "queuert";

import type { BenchStore } from "../throughput/stores.ts";

const jobTypes = defineJobTypes({
  noop: { entry: true, input: json<{ payload: string }>() },
  never: { entry: true },
});

/** What is held in memory, in bytes of the JavaScript heap unless said otherwise. */
export interface MemoryUse {
  /** Each client with a worker that has nothing to do. */
  readonly perIdleWorkerBytes: number;
  /** What stays behind of each job that was started and run. */
  readonly leftPerJobBytes: number;
  /** Each chain that somebody waits for. */
  readonly perAwaitedChainBytes: number;
  /** The most that the process held while jobs ran, beyond what it held before; resident, so the driver's own memory is in it. */
  readonly residentGrowthBytes: number;
}

export interface MemorySize {
  /** How many jobs a round runs. */
  readonly jobCount: number;
  readonly roundCount: number;
  readonly awaitedCount: number;
}

const payload = "x".repeat(88);

export async function measureMemory(store: BenchStore, size: MemorySize): Promise<MemoryUse> {
  const { state, notify } = store;
  const { jobCount, roundCount, awaitedCount } = size;
  const client = await createClient({ jobTypes, state, notify });
  const worker = createWorker(client, { concurrency: 50, handlers: { noop: async () => {} } });
  await worker.start();
  const runRound = async (): Promise<void> => {
    for (let left = jobCount; left > 0; left -= 1_000) {
      const chains = Array.from({ length: Math.min(left, 1_000) }, () => ({
        type: "noop" as const,
        input: { payload },
      }));
      await client.startChains({ tx: "autocommit", chains });
    }
    await worker.drain();
  };
  // Code is compiled and buffers grow to their size in the first round.
  await runRound();
  const warmBytes = readHeap();
  const residentBefore = process.memoryUsage.rss();
  let residentMax = residentBefore;
  for (let round = 0; round < roundCount; round++) {
    await runRound();
    residentMax = Math.max(residentMax, process.memoryUsage.rss());
  }
  const leftPerJobBytes = (readHeap() - warmBytes) / (jobCount * roundCount);
  await worker.stop();
  const perIdleWorkerBytes = await measureIdleWorkers(store);

  const chains = await client.startChains({
    tx: "autocommit",
    chains: Array.from({ length: awaitedCount }, () => ({ type: "never" as const })),
  });
  const beforeAwaiting = readHeap();
  const awaited = chains.map(async (chain) =>
    client.awaitChain({ chain, pollIntervalMs: 60_000 }).catch(() => undefined),
  );
  // Each has looked once and gone to wait when as many other reads have been answered.
  await client.getChain({ chainId: chains[0]!.id });
  const perAwaitedChainBytes = (readHeap() - beforeAwaiting) / awaitedCount;
  await client.close();
  await Promise.all(awaited);
  return {
    perIdleWorkerBytes,
    leftPerJobBytes,
    perAwaitedChainBytes,
    residentGrowthBytes: residentMax - residentBefore,
  };
}

const idleWorkerCount = 20;

async function measureIdleWorkers({ state, notify }: BenchStore): Promise<number> {
  const before = readHeap();
  const idle = [];
  for (let index = 0; index < idleWorkerCount; index++) {
    const client = await createClient({ jobTypes, state, notify });
    const worker = createWorker(client, { handlers: { noop: async () => {} } });
    await worker.start();
    idle.push({ client, worker });
  }
  const bytes = (readHeap() - before) / idleWorkerCount;
  for (const { client, worker } of idle) {
    await worker.stop();
    await client.close();
  }
  return bytes;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function readHeap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
