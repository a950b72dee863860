import { findMainServerUrl } from "@queuert/testkit/postgres";
import { expect, test } from "vitest";

import { openPostgresStore, stores } from "../throughput/stores.ts";
import { measureMemory } from "./measure.ts";

/** Far below what the smallest record of a job takes, far above what the heap's own size wavers by. */
const leftPerJobBytesMax = 100;

test.each([
  ["sqlite", stores["sqlite (node:sqlite)"]!],
  ["postgres", async () => openPostgresStore(await findMainServerUrl())],
] as const)("nothing of a job that has run stays in memory (%s)", async (_name, openStore) => {
  const store = await openStore();
  try {
    const use = await measureMemory(store, { jobCount: 5_000, roundCount: 2, awaitedCount: 100 });
    expect(use.leftPerJobBytes).toBeLessThan(leftPerJobBytesMax);
  } finally {
    await store.dispose();
  }
});
