import { StoreConflictError, StoreSetupError } from "queuert/adapter";
import { expect, test, vi } from "vitest";

import { createPartitionKeeper } from "./keep-partitions.ts";

const partitioning = { everyMs: 86_400_000, ahead: 2 };

test("looks at the first beat, and then once a minute", async () => {
  let now = 0;
  const keeper = createPartitionKeeper(partitioning, () => now);
  const run = vi.fn<() => Promise<undefined>>(async () => undefined);
  for (const at of [0, 1, 59_999, 60_000, 60_001]) {
    now = at;
    await keeper.keep(run);
  }
  expect(run).toHaveBeenCalledTimes(2);
});

test("leaves the rest to others where the role may not create tables, and nothing else", async () => {
  let error: Error = new StoreSetupError("not allowed");
  const run = async (): Promise<never> => {
    throw error;
  };
  await createPartitionKeeper(partitioning, () => 0).keep(run);
  error = new StoreConflictError("in the way");
  await expect(createPartitionKeeper(partitioning, () => 0).keep(run)).rejects.toBe(error);
});

test("does nothing where the table is not divided", async () => {
  const run = vi.fn<() => Promise<undefined>>(async () => undefined);
  await createPartitionKeeper(undefined, () => 0).keep(run);
  expect(run).not.toHaveBeenCalled();
});
