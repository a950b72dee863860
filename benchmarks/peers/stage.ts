import { randomBytes } from "node:crypto";

import { connectClient, query } from "@queuert/testkit/postgres";

import type { DurableServer } from "../support/postgres-server.ts";
import type { Task } from "./messages.ts";
import { readPostgresUsage, readRedisUsage, type ServerUsage } from "./meters.ts";
import { openProcess, type MeasuredProcess, type ProcessOptions } from "./open-process.ts";
import { effectTable, type Place } from "./system.ts";
import { systems } from "./systems.ts";

export interface StageOptions extends ProcessOptions {
  readonly server: DurableServer;
  readonly redisUrl: string;
  /** How long starting, and how long draining may take. */
  readonly deadlineMs: number;
}

type TaskParts = Task extends infer T
  ? T extends Task
    ? Omit<T, "system" | "place">
    : never
  : never;

/** What one measurement of a system has at hand: an empty place of its own, and processes that are made for it. */
export interface Stage {
  readonly options: StageOptions;
  /** Runs a task in a process of its own, to its end. */
  run(task: TaskParts): Promise<unknown>;
  open(task: TaskParts, options?: ProcessOptions): MeasuredProcess;
  readServer(): Promise<ServerUsage>;
  /** How many rows `writing` handlers have left, and for how many jobs. */
  countEffects(): Promise<{ readonly rowCount: number; readonly jobCount: number }>;
  vacuum(): Promise<void>;
  /** Opens a transaction that goes on seeing the database as it is; what it returns ends it. */
  holdTransaction(): Promise<() => Promise<void>>;
}

/** Sets a stage for a system, uses it, and removes everything. */
export async function withStage<TResult>(
  system: string,
  options: StageOptions,
  use: (stage: Stage) => Promise<TResult>,
): Promise<TResult> {
  const isRedis = systems[system]?.store === "redis";
  const database = isRedis ? undefined : await options.server.createDatabase();
  const url = database?.url ?? options.redisUrl;
  const place: Place = { url, namespace: `bench-${randomBytes(6).toString("hex")}` };
  const client = database === undefined ? undefined : await connectClient(url);
  const opened: MeasuredProcess[] = [];
  const open: Stage["open"] = (task, processOptions) => {
    const process = openProcess({ ...task, system, place }, processOptions);
    opened.push(process);
    return process;
  };
  const stage: Stage = {
    options,
    open,
    run: async (task) => open(task).finished(),
    readServer: async () =>
      client === undefined ? readRedisUsage(url) : readPostgresUsage(client),
    countEffects: async () => countEffects(url),
    async vacuum() {
      await client?.query("VACUUM ANALYZE");
    },
    async holdTransaction() {
      const holder = await connectClient(url);
      await holder.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
      await holder.query("SELECT pg_current_xact_id()");
      return async () => holder.end();
    },
  };
  try {
    await stage.run({ role: "install" });
    await client?.query(`CREATE TABLE ${effectTable} (job integer NOT NULL)`);
    const result = await use(stage);
    await stage.run({ role: "remove" });
    return result;
  } finally {
    for (const process of opened) process.kill();
    await client?.end();
    await database?.drop();
  }
}

async function countEffects(url: string): Promise<{ rowCount: number; jobCount: number }> {
  const [row] = await query<{ row_count: number; job_count: number }>(
    url,
    `SELECT count(*)::int AS row_count, count(DISTINCT job)::int AS job_count FROM ${effectTable}`,
  );
  return { rowCount: row?.row_count ?? 0, jobCount: row?.job_count ?? 0 };
}
