import { expect, test } from "vitest";

import { stores } from "../throughput/stores.ts";
import { measure, workloads } from "./measure.ts";
import { modes } from "./modes.ts";

/** The short form: it measures no time, and pins what repeats exactly, the spans of a job. */
const spansPerJob: Readonly<Record<keyof typeof workloads, number>> = {
  // Its attempt and its settling; the call that starts a hundred has one span.
  "jobs, started in batches": 2.01,
  // Each but the first also has the continuation that created it; the first have a span of their own beside that of the call, being few.
  "5-step chains": 3.01,
};

test.each(
  Object.keys(modes).flatMap((mode) =>
    (Object.keys(workloads) as (keyof typeof workloads)[]).map(
      (workload) => [mode, workload] as const,
    ),
  ),
)("%s: %s", async (mode, workload) => {
  const store = await stores["memory"]!();
  try {
    const cost = await measure(store, modes[mode]!(), workload, 100);
    expect(cost.spansPerJob).toBe(mode === "full SDK" ? spansPerJob[workload] : 0);
  } finally {
    await store.dispose();
  }
});
