import { setTimeout as wait } from "node:timers/promises";

import type { ChaosDatabase } from "./databases/chaos-database.ts";

const countIntervalMs = 200;

/** How many chains are open, a moment ago. */
export interface Backlog {
  readonly openCount: () => number;
  end(): Promise<void>;
}

/** Counts the chains that are open, so that starts do not run away from the work. */
export function watchBacklog(database: ChaosDatabase): Backlog {
  let openCount = 0;
  const over = new AbortController();
  const going = (async () => {
    while (!over.signal.aborted) {
      openCount = await countOpen(database);
      await wait(countIntervalMs);
    }
  })();
  return {
    openCount: () => openCount,
    async end() {
      over.abort();
      await going;
    },
  };
}

/** Waits until no chain is open, and answers how many are when the time is over. */
export async function drain(database: ChaosDatabase, timeoutMs: number): Promise<number> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const openCount = await countOpen(database);
    if (openCount === 0 || performance.now() > deadline) return openCount;
    await wait(countIntervalMs);
  }
}

async function countOpen(database: ChaosDatabase): Promise<number> {
  const [row] = await database.query<{ count: number | string }>(
    "SELECT count(*) AS count FROM {job} WHERE chain_index = 0 AND chain_status = 'open'",
  );
  return Number(row!.count);
}
