import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSqliteStateAdapter } from "@queuert/sqlite";
import { createNodeSqliteProvider } from "@queuert/sqlite/node-sqlite";
import type { StateAdapter } from "queuert";

import { createCountingProvider } from "./counting-provider.ts";
import type { CostStore } from "./measure.ts";

export async function openSqliteCostStore(): Promise<CostStore> {
  const folder = mkdtempSync(join(tmpdir(), "queuert-cost-"));
  const { provider, take } = createCountingProvider(
    createNodeSqliteProvider({ filename: join(folder, "cost.db") }),
  );
  const state = createSqliteStateAdapter({ provider });
  await state.migrate();
  return {
    state: state as unknown as StateAdapter<never>,
    take: async () => ({ ...take() }),
    async dispose() {
      await state.close();
      rmSync(folder, { recursive: true });
    },
  };
}
