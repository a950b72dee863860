import { openTestServer, type TestServer } from "@queuert/testkit/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { describeFailure, faultCount } from "./report.ts";
import { runScenario } from "./run-scenario.ts";
import { scenarios } from "./scenarios.ts";

// The short form: every scenario for some seconds. `npm run chaos` is the long one.

const seconds = 4;
/** Another seed for each run of the tests: what was never met is met some day. `QUEUERT_SEED` chooses it. */
const seed = Number(process.env["QUEUERT_SEED"] ?? Date.now() % 1_000_000);

let server: TestServer;

beforeAll(async () => {
  server = await openTestServer();
});

afterAll(async () => {
  await server.dispose();
});

describe(`chaos, seed ${seed}`, () => {
  const runs = scenarios.flatMap((scenario) =>
    scenario.adapters.map((adapter) => ({ scenario, adapter, name: scenario.name })),
  );

  test.each(runs)("$name on $adapter", async ({ scenario, adapter }) => {
    const result = await runScenario({ scenario, adapter, seconds, seed, server });
    expect(describeFailure(result)).toBe("");
    expect(faultCount(result)).toBeGreaterThan(0);
    expect(result.chainCount).toBeGreaterThan(0);
  });
});
