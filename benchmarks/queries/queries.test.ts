import { findMainServerUrl } from "@queuert/testkit/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { openPostgresStore, stores, type BenchStore } from "../throughput/stores.ts";
import { populate, type Populated } from "./populate.ts";
import { reads } from "./reads.ts";

/** What each read finds beside two thousand chains; a page holds fifty. It measures nothing. */
const foundCounts: Readonly<Record<string, number>> = {
  "list chains": 50,
  "list chains, oldest first": 50,
  "list chains of a type": 50,
  "list chains of a rare type": 1,
  "list open chains": 50,
  "list failed chains": 20,
  "list failed chains of a type": 20,
  "list failed chains where there are none": 0,
  "list chains of a tenant": 3,
  "list failed chains of a tenant": 0,
  "list chains of a time": 50,
  "list chains, page by page": 50,
  "count chains": 2_041,
  "count failed chains": 20,
  "count chains of a tenant": 3,
  "list jobs": 50,
  "list jobs of a type": 50,
  "list ready jobs": 21,
  "list failed jobs": 20,
  "list jobs of a chain": 2,
  "a chain": 2,
  "a chain that many wait for": 20,
  "the attempts of a failed job": 1,
  "graph around a chain that many wait for": 20,
  "graph around a chain that waits for many": 200,
  "why a job is not running": 1,
  stats: 21,
  "list types": 10,
};

describe.each([
  ["sqlite", stores["sqlite (better-sqlite3)"]!],
  ["postgres", async () => openPostgresStore(await findMainServerUrl())],
] as const)("the reads of the benchmark on %s", (_name, openStore) => {
  let store: BenchStore;
  let populated: Populated;
  beforeAll(async () => {
    store = await openStore();
    populated = await populate(store, 2_000);
  }, 60_000);
  afterAll(async () => {
    await populated.client.close();
    await store.dispose();
  });

  test.each(Object.entries(reads))("%s", async (name, read) => {
    expect(await read(populated)).toBe(foundCounts[name]);
  });
});
