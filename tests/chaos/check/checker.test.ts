import { createClient, createWorker } from "queuert";
import { createRandom } from "queuert/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { ChaosDatabase } from "../databases/chaos-database.ts";
import { openLocation } from "../databases/open-location.ts";
import { createSqliteDatabase } from "../databases/sqlite-database.ts";
import { createHandlers } from "../workload/handlers.ts";
import { jobTypes } from "../workload/job-types.ts";
import { recordStarts } from "../workload/ledger.ts";
import { planOrder } from "../workload/plans.ts";
import { checkDatabase } from "./checker.ts";

let database: ChaosDatabase;

beforeAll(async () => {
  database = await createSqliteDatabase();
  const { state, close } = openLocation(database.location);
  await state.migrate();
  const client = await createClient({ jobTypes, state });
  const random = createRandom(1);
  const plans = Array.from({ length: 60 }, (_, order) => ({
    ...planOrder(random, order),
    isDoomed: order === 0,
    failures: order % 10 === 1 ? 1 : 0,
  }));
  const orders = await client.transaction(async (tx) => {
    const chains = plans.map((plan) => ({ type: "order.place" as const, input: plan }));
    const started = await client.startChains({ tx, chains });
    await recordStarts(
      tx,
      started.map(({ id }, index) => ({
        chainId: id,
        started: { kind: "order", plan: plans[index]! },
        key: `order ${index}`,
      })),
    );
    return started;
  });
  const worker = createWorker(client, {
    pollIntervalMs: 20,
    retry: { backoff: { initialMs: 1, maxMs: 5 } },
    handlers: [createHandlers(client)],
  });
  await worker.start();
  // The doomed one rejects.
  await Promise.allSettled(
    orders.map(async (chain) => client.awaitChain({ chain, pollIntervalMs: 20 })),
  );
  await worker.stop();
  await client.close();
  await close();
});

afterAll(async () => {
  await database.drop();
});

describe("the checker of chaos", () => {
  it("finds nothing where nothing is wrong", async () => {
    const findings = await checkDatabase(database);
    expect(findings.violations).toEqual([]);
    expect(findings.chainCount).toBeGreaterThan(60);
    expect(findings.jobCount).toBeGreaterThan(findings.chainCount);
  });

  const anOrder =
    "(SELECT chain_id FROM {job} WHERE type = 'order.place' AND chain_status = 'completed' LIMIT 1)";
  it.each([
    ["a chain that vanished", "lost", `DELETE FROM {job} WHERE chain_id = ${anOrder}`],
    [
      "a start that rolled back and left its chain",
      "doubled",
      `DELETE FROM chaos_chain WHERE chain_id = ${anOrder}`,
    ],
    [
      "an effect that came twice",
      "doubled",
      "INSERT INTO chaos_effect SELECT * FROM chaos_effect LIMIT 1",
    ],
    ["an effect that never came", "lost", "DELETE FROM chaos_effect WHERE rowid = 1"],
    ["a visit that never came", "lost", "DELETE FROM chaos_visit WHERE rowid = 1"],
    [
      "a chain that is still open",
      "lost",
      `UPDATE {job} SET chain_status = 'open' WHERE chain_id = ${anOrder} AND chain_index = 0`,
    ],
    [
      "a job that nobody woke",
      "inconsistent",
      "UPDATE {job} SET status = 'blocked' WHERE type = 'order.gather' AND chain_index = 1",
    ],
    ["an edge that was not counted", "inconsistent", "DELETE FROM {job_blocker} WHERE ordinal = 0"],
    [
      "a job that still counts a blocker",
      "inconsistent",
      "UPDATE {job} SET open_blockers = 1 WHERE type = 'order.gather'",
    ],
    [
      "a key with two chains",
      "inconsistent",
      "UPDATE chaos_chain SET start_key = 'order 1' WHERE start_key = 'order 2'",
    ],
    [
      "an attempt without a record",
      "inconsistent",
      "DELETE FROM {attempt_failure} WHERE outcome = 'retried'",
    ],
  ])("finds %s", async (_, kind, sabotage) => {
    await database.query("BEGIN");
    try {
      await database.query(sabotage);
      const { violations } = await checkDatabase(database);
      expect(violations.map((violation) => violation.kind)).toContain(kind);
    } finally {
      await database.query("ROLLBACK");
    }
  });
});
