import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSqliteStateAdapter } from "@queuert/sqlite";
import { createNodeSqliteProvider } from "@queuert/sqlite/node-sqlite";
import { createClient, createWorker, defineJobTypes, json } from "queuert";
import { createCountingProvider, type Cost } from "./counting-provider.ts";

const jobTypes = defineJobTypes({
  noop: { entry: true, input: json<{ payload: string }>() },
  committing: { entry: true },
  "step.0": { entry: true, continueWith: "step.1" },
  "step.1": { continueWith: "step.2" },
  "step.2": {},
});

/** What one job costs, in each of the ways in which it can be run. */
export type JobCosts = Readonly<Record<string, Cost>>;

const jobCount = 2_000;
const concurrency = 50;
const payload = "x".repeat(88);

/**
 * Measures what a job costs the database. Nothing is held ahead (`prefetchMs: 0`), so that the size of an exchange depends on the
 * concurrency alone and the counts repeat.
 */
export async function measureJobCosts(): Promise<JobCosts> {
  return {
    "start, batch of 1,000": await measure("noop", async (run) => run.start),
    "drain, plain return": await measure("noop", async (run) => run.drain),
    "drain, commit": await measure("committing", async (run) => run.drain),
    "drain, step of a chain": await measure("step.0", async (run) => run.drain, 3),
  };
}

interface Run {
  readonly start: Cost;
  readonly drain: Cost;
}

async function measure(
  type: "noop" | "committing" | "step.0",
  pick: (run: Run) => Promise<Cost>,
  stepCount: number = 1,
): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), "queuert-cost-"));
  const { provider, take } = createCountingProvider(
    createNodeSqliteProvider({ filename: join(folder, "cost.db") }),
  );
  const state = createSqliteStateAdapter({ provider });
  await state.migrate();
  const client = await createClient({ jobTypes, state });
  const worker = createWorker(client, {
    concurrency,
    prefetchMs: 0,
    handlers: {
      noop: async () => {},
      committing: ({ commit }) => commit(async () => {}),
      "step.0": async ({ continueWith }) => continueWith({ type: "step.1" }),
      "step.1": async ({ continueWith }) => continueWith({ type: "step.2" }),
      "step.2": async () => {},
    },
  });
  take();
  const chain = type === "noop" ? { type, input: { payload } } : { type };
  for (let left = jobCount; left > 0; left -= 1_000)
    await client.startChains({
      tx: "autocommit",
      chains: Array.from({ length: 1_000 }, () => chain),
    });
  const start = take();
  await worker.start();
  await worker.drain();
  const drain = take();
  await worker.stop();
  await state.close();
  rmSync(folder, { recursive: true });
  const cost = await pick({ start, drain });
  const jobs = jobCount * stepCount;
  return {
    commits: cost.commits / jobs,
    statements: cost.statements / jobs,
    walBytes: cost.walBytes / jobs,
  };
}
