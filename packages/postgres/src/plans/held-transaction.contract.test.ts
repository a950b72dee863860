import { createTestName, findMainServerUrl } from "@queuert/testkit/postgres";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";

import { openHotPath, type HotPath } from "./hot-path.fixture.ts";

let hot: HotPath;
let holder: pg.Client;

beforeAll(async () => {
  const url = await findMainServerUrl();
  hot = await openHotPath(url, createTestName());
  holder = new pg.Client({ connectionString: url });
  await holder.connect();
});

afterAll(async () => {
  await holder.end();
  await hot.close();
});

const jobCount = 30_000;
const batchCount = 50;

test("C7: beside a transaction that is held open, an exchange looks at no more pages after 30,000 jobs than at first", async () => {
  await holder.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  // From here on nothing that dies can be cleaned up.
  await holder.query("SELECT pg_current_xact_id()");
  await hot.startMany(jobCount);
  let result = await hot.exchange([], batchCount);
  const pageCounts: number[] = [];
  while (result.claimed.length > 0) {
    const settlements = hot.complete(result.claimed);
    pageCounts.push(
      await hot.observed.countPages(async () => {
        result = await hot.exchange(settlements, batchCount);
      }),
    );
  }
  expect(pageCounts).toHaveLength(jobCount / batchCount);
  // In the middle of a hundred: a claim that looks at everything comes in between, as often as it may cost.
  const [first, last] = [median(pageCounts.slice(5, 105)), median(pageCounts.slice(-105, -5))];
  expect(last).toBeLessThanOrEqual(1.5 * first);
});

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]!;
}
