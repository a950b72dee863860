import { expect, test } from "vitest";
import { scenarios } from "./scenarios.ts";
import { stores } from "./stores.ts";

/** The short form: every scenario runs once on every store, so that the benchmark cannot rot. It measures nothing. */
test.each(
  Object.entries(stores).flatMap(([name, open]) => scenarios.map((scenario) => [name, scenario.name, open, scenario] as const)),
)("%s: %s runs", async (_store, _scenario, open, scenario) => {
  const store = await open();
  try {
    const measurement = await scenario.run(store, { jobCount: 100, aheadCount: 200 });
    expect(measurement.count).toBeGreaterThan(0);
    const stats = await store.state.stats({ cap: 1_000 });
    const isDrain = measurement.unit !== "chains";
    for (const { type, counts } of stats) if (isDrain && /^(noop|step)/.test(type)) expect(counts.ready + counts.running).toBe(0);
  } finally {
    await store.dispose();
  }
});
