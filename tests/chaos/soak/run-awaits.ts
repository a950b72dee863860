import { openCrew, type CrewOptions } from "./crew.ts";
import { takeSample, type Sample } from "./sample.ts";

export interface AwaitsOptions extends CrewOptions {
  readonly awaitCount: number;
}

export interface AwaitsReport {
  readonly adapter: string;
  readonly awaitCount: number;
  /** From the first chain that runs until everybody knows. */
  readonly seconds: number;
  /** Before anybody waits, while all wait, and when all know. */
  readonly before: Sample;
  readonly during: Sample;
  readonly after: Sample;
  /** What was kept although it was over. Empty: nothing. */
  readonly growth: readonly string[];
}

const startedAtOnce = 1_000;
/** What the pool of a client library keeps open: a connection each, and a timer that ends it. */
const pooledCount = 12;

/** So many wait for a chain each at once; one in ten gives up. */
export async function runAwaits(options: AwaitsOptions): Promise<AwaitsReport> {
  const { adapter, awaitCount } = options;
  const crew = await openCrew(options);
  const { client, worker, database, warnings } = crew;
  try {
    const chains = [];
    for (let item = 0; item < awaitCount; item += startedAtOnce) {
      const count = Math.min(startedAtOnce, awaitCount - item);
      chains.push(
        ...(await client.startChains({
          tx: "autocommit",
          chains: Array.from({ length: count }, (_, place) => ({
            type: "item.make" as const,
            input: { item: item + place },
          })),
        })),
      );
    }
    const before = await takeSample(database, 0);
    const impatience = new AbortController();
    const awaits = chains.map(async (chain, item) => {
      const signal = item % 10 === 0 ? impatience.signal : undefined;
      const { output } = await client.awaitChain({ chain, pollIntervalMs: 60_000, signal });
      return output.item === item;
    });
    const settled = Promise.allSettled(awaits);
    const during = await takeSample(database, 0);
    impatience.abort(new Error("Enough."));
    const beganAt = performance.now();
    await worker.start();
    const results = await settled;
    const seconds = (performance.now() - beganAt) / 1_000;
    await worker.stop();
    const after = await takeSample(database, awaitCount * 2);
    const rightCount = results.filter(
      (result) => result.status === "fulfilled" && result.value,
    ).length;
    const impatientCount = results.filter((result) => result.status === "rejected").length;
    return {
      adapter,
      awaitCount,
      seconds,
      before,
      during,
      after,
      growth: [
        ...warnings,
        ...(rightCount + impatientCount === awaitCount &&
        impatientCount === Math.ceil(awaitCount / 10)
          ? []
          : [`${rightCount} of ${awaitCount} got their output, ${impatientCount} gave up`]),
        ...(after.timerCount <= before.timerCount + pooledCount
          ? []
          : [`timers: ${before.timerCount} before, ${after.timerCount} after`]),
        ...(after.handleCount <= before.handleCount + pooledCount
          ? []
          : [`handles: ${before.handleCount} before, ${after.handleCount} after`]),
      ],
    };
  } finally {
    await crew.dispose();
  }
}
