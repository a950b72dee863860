import type { JobKind } from "./system.ts";

/** What is measured. Durations are in ms. */
export type Workload = {
  readonly name: string;
  /** For a reader of the report. */
  readonly title: string;
  /** Which of the server's own limits it is compared with. */
  readonly limit?: string;
} & (
  | {
      readonly shape: "start";
      readonly count: number;
      readonly concurrency: number;
      readonly batchSize: number;
    }
  | {
      readonly shape: "drain";
      readonly kind: JobKind;
      readonly count: number;
      readonly concurrency: number;
      readonly processCount: number;
      /** VACUUM ANALYZE between the starts and the drain, as autovacuum does sooner or later. */
      readonly isAnalyzed: boolean;
      /** A transaction of somebody else's is open all the while. */
      readonly isHeld: boolean;
    }
  | { readonly shape: "latency"; readonly count: number; readonly intervalMs: number }
  | { readonly shape: "idle"; readonly durationMs: number }
);

export type WorkloadOf<TShape extends Workload["shape"]> = Extract<
  Workload,
  { readonly shape: TShape }
>;

const start = (
  name: string,
  title: string,
  limit: string,
  count: number,
  concurrency: number,
  batchSize: number,
): Workload => ({ name, title, limit, shape: "start", count, concurrency, batchSize });

const drain = (
  name: string,
  title: string,
  parts: Partial<Omit<WorkloadOf<"drain">, "shape">>,
): Workload => ({
  name,
  title,
  limit: "claim and complete 100",
  shape: "drain",
  kind: "plain",
  count: 20_000,
  concurrency: 10,
  processCount: 1,
  isAnalyzed: false,
  isHeld: false,
  ...parts,
});

/** In the order of the report. */
export const workloads: readonly Workload[] = [
  start("start-one", "single starts, one after another", "insert 1, 1 client", 3_000, 1, 1),
  start("start-20", "single starts at concurrency 20", "insert 1, 20 clients", 15_000, 20, 1),
  start("start-batch", "starts in batches of 1,000", "insert 1,000", 50_000, 1, 1_000),
  drain("drain-20k-c10", "drain of 20,000 at concurrency 10", {}),
  drain("drain-20k-c10-analyzed", "the same after VACUUM ANALYZE", { isAnalyzed: true }),
  drain("drain-20k-c50", "drain of 20,000 at concurrency 50", { concurrency: 50 }),
  drain("drain-20k-c50-analyzed", "the same after VACUUM ANALYZE", {
    concurrency: 50,
    isAnalyzed: true,
  }),
  drain("drain-20k-two", "drain of 20,000 by two processes, concurrency 50 each", {
    concurrency: 50,
    processCount: 2,
    isAnalyzed: true,
  }),
  drain("drain-200k-c10", "drain of 200,000 at concurrency 10", {
    count: 200_000,
    isAnalyzed: true,
  }),
  drain("drain-200k-c50", "drain of 200,000 at concurrency 50", {
    count: 200_000,
    concurrency: 50,
    isAnalyzed: true,
  }),
  drain("drain-200k-two", "drain of 200,000 by two processes, concurrency 50 each", {
    count: 200_000,
    concurrency: 50,
    processCount: 2,
    isAnalyzed: true,
  }),
  drain("drain-writing", "drain of 10,000 whose handlers write a row, concurrency 20", {
    kind: "writing",
    limit: "write and complete, 20 clients",
    count: 10_000,
    concurrency: 20,
    isAnalyzed: true,
  }),
  drain("chains", "5,000 chains of 5 steps, concurrency 50: steps", {
    kind: "chain",
    count: 5_000,
    concurrency: 50,
  }),
  drain("fan-in", "200 jobs that wait for 20 each, concurrency 20: jobs", {
    kind: "fan",
    count: 200,
    concurrency: 20,
  }),
  {
    name: "latency",
    title: "latency at 40 starts a second",
    shape: "latency",
    count: 400,
    intervalMs: 25,
  },
  { name: "idle", title: "an idle worker, concurrency 10", shape: "idle", durationMs: 20_000 },
  drain("held", "drain of 300,000 at concurrency 50 beside a transaction held open", {
    count: 300_000,
    concurrency: 50,
    isAnalyzed: true,
    isHeld: true,
  }),
];

/** The same in small, to see that it works: it measures nothing. */
export function scaleWorkload(workload: Workload, scale: number): Workload {
  return workload.shape === "idle"
    ? { ...workload, durationMs: Math.max(500, workload.durationMs * scale) }
    : { ...workload, count: Math.max(5, Math.round(workload.count * scale)) };
}
