import { createRandom } from "queuert/testing";

import { planOrder } from "../workload/plans.ts";
import { openCrew, type Crew, type CrewOptions } from "./crew.ts";
import { findGrowth, takeSample, type Sample } from "./sample.ts";

export interface SoakOptions extends CrewOptions {
  readonly seconds: number;
}

export interface SoakReport {
  readonly adapter: string;
  readonly seconds: number;
  readonly jobCount: number;
  readonly samples: readonly Sample[];
  /** What was kept although it was over. Empty: nothing. */
  readonly growth: readonly string[];
}

const roundCount = 12;
const batchSize = 20;

/** Works in rounds, and counts after each what is left. */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const crew = await openCrew(options);
  const random = createRandom(1);
  const samples: Sample[] = [];
  const beganAt = performance.now();
  let [orderCount, jobCount] = [0, 0];
  try {
    await crew.worker.start();
    for (let round = 1; round <= roundCount; round++) {
      const endsAt = beganAt + (options.seconds * 1_000 * round) / roundCount;
      do {
        const plans = Array.from({ length: batchSize }, () => ({
          ...planOrder(random, (orderCount += 1)),
          isDoomed: false,
        }));
        jobCount += plans.reduce(
          (sum, { items, loops }) => sum + 2 + loops + (items > 0 ? 1 + 2 * items : 0),
          0,
        );
        await workThrough(crew, plans);
      } while (performance.now() < endsAt);
      await crew.worker.drain();
      samples.push(await takeSample(crew.database, jobCount));
    }
  } finally {
    await crew.dispose();
  }
  return {
    adapter: options.adapter,
    seconds: (performance.now() - beganAt) / 1_000,
    jobCount,
    samples,
    growth: [...findGrowth(samples), ...crew.warnings],
  };
}

async function workThrough(
  { client }: Crew,
  plans: readonly ReturnType<typeof planOrder>[],
): Promise<void> {
  const chains = await client.transaction(async (tx) =>
    client.startChains({
      tx,
      chains: plans.map((input) => ({ type: "order.place" as const, input })),
    }),
  );
  await Promise.all(chains.map(async (chain) => client.awaitChain({ chain })));
}
