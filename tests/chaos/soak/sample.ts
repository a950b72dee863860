import { existsSync, readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import type { ChaosDatabase } from "../databases/chaos-database.ts";

/** What a process holds when it has nothing to do. */
export interface Sample {
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly timerCount: number;
  /** Sockets, pipes and the like. */
  readonly handleCount: number;
  /** Open files; 0 where the system does not tell. */
  readonly fileCount: number;
  /** Sessions on the server; 0 for SQLite. */
  readonly connectionCount: number;
  readonly jobCount: number;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const openFiles = "/proc/self/fd";

export async function takeSample(database: ChaosDatabase, jobCount: number): Promise<Sample> {
  const connectionCount = await countConnections(database);
  collectGarbage();
  const { heapUsed, rss } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  const timerCount = resources.filter((name) => name === "Timeout").length;
  return {
    heapBytes: heapUsed,
    rssBytes: rss,
    timerCount,
    handleCount: resources.length - timerCount,
    fileCount: existsSync(openFiles) ? readdirSync(openFiles).length : 0,
    connectionCount,
    jobCount,
  };
}

async function countConnections({ adapter, query }: ChaosDatabase): Promise<number> {
  if (adapter === "sqlite") return 0;
  const [row] = await query<{ count: string }>(
    "SELECT count(*) AS count FROM pg_stat_activity WHERE datname = current_database()",
  );
  return Number(row!.count);
}

/** What of the numbers says that something is kept for ever. The first samples are those of a process that warms up. */
export function findGrowth(samples: readonly Sample[]): readonly string[] {
  const third = Math.floor(samples.length / 3);
  const [early, late] = [samples.slice(third, 2 * third), samples.slice(2 * third)];
  return (Object.entries(limits) as [keyof Sample, (early: number) => number][]).flatMap(
    ([name, limitOf]) => {
      const [before, after] = [medianOf(early, name), medianOf(late, name)];
      return after <= limitOf(before) ? [] : [`${name} grew from ${before} to ${after}`];
    },
  );
}

/** How much may be there late, by what was there in the middle. */
const limits: Partial<Readonly<Record<keyof Sample, (early: number) => number>>> = {
  heapBytes: (early) => early * 1.05 + 1_000_000,
  timerCount: (early) => early + 2,
  handleCount: (early) => early + 2,
  fileCount: (early) => early + 2,
  connectionCount: (early) => early + 1,
};

function medianOf(samples: readonly Sample[], name: keyof Sample): number {
  const values = samples.map((sample) => sample[name]).toSorted((left, right) => left - right);
  return values[Math.floor(values.length / 2)]!;
}
