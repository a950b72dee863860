import { findMainServerUrl } from "@queuert/testkit/postgres";
import { expect, test } from "vitest";

import { scenarios } from "./scenarios.ts";
import { openPostgresStore, stores } from "./stores.ts";

const openStores = {
  ...stores,
  postgres: async () => openPostgresStore(await findMainServerUrl()),
};

/** The short form: every scenario runs once on every store, so that the benchmark cannot rot. It measures nothing. */
test.each(
  Object.entries(openStores).flatMap(([name, open]) =>
    scenarios.map((scenario) => [name, scenario.name, open, scenario] as const),
  ),
)("%s: %s runs", async (_store, _scenario, open, scenario) => {
  const store = await open();
  try {
    const measurement = await scenario.run(store, { jobCount: 100, aheadCount: 200 });
    expect(measurement.count).toBeGreaterThan(0);
    const stats = await store.state.stats({ cap: 1_000 });
    const measured = stats.filter(({ type }) => /^(noop|step)/.test(type));
    const left = measured.reduce((sum, { counts }) => sum + counts.ready + counts.running, 0);
    // What was started is there, what was drained is gone.
    expect(left).toBe(measurement.unit === "chains" ? measurement.count : 0);
  } finally {
    await store.dispose();
  }
});
