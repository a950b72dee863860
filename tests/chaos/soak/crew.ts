import type { TestServer } from "@queuert/testkit/postgres";
import { createClient, createWorker, type Worker } from "queuert";

import type { ChaosDatabase } from "../databases/chaos-database.ts";
import { openLocation, type AdapterName } from "../databases/open-location.ts";
import { createPostgresDatabase } from "../databases/postgres-database.ts";
import { createSqliteDatabase } from "../databases/sqlite-database.ts";
import { createHandlers } from "../workload/handlers.ts";
import { jobTypes, type ChaosClient } from "../workload/job-types.ts";

export interface CrewOptions {
  readonly adapter: AdapterName;
  /** For PostgreSQL. */
  readonly server?: TestServer | undefined;
}

/** A client and a worker in this process. Closed chains are deleted after a while, so that the tables stay small. */
export interface Crew {
  readonly database: ChaosDatabase;
  readonly client: ChaosClient;
  readonly worker: Worker;
  /** Warnings of the platform, such as that of too many listeners. */
  readonly warnings: readonly string[];
  dispose(): Promise<void>;
}

/** The worker is made and not started. */
export async function openCrew({ adapter, server }: CrewOptions): Promise<Crew> {
  const database =
    adapter === "sqlite" ? await createSqliteDatabase() : await createPostgresDatabase(server!);
  const warnings: string[] = [];
  const onWarning = (warning: Error): void => {
    if (warning.name !== "ExperimentalWarning") warnings.push(String(warning));
  };
  process.on("warning", onWarning);
  const { state, notify, close } = openLocation(database.location);
  await state.migrate();
  const client = await createClient({ jobTypes, state, notify });
  const worker = createWorker(client, {
    concurrency: 10,
    pollIntervalMs: 1_000,
    retry: { backoff: { initialMs: 10, maxMs: 100 } },
    retention: {
      completed: { maxAgeMs: 2_000 },
      failed: { maxAgeMs: 2_000 },
    },
    retentionIntervalMs: 500,
    handlers: [createHandlers(client)],
  });
  return {
    database,
    client,
    worker,
    warnings,
    async dispose() {
      await worker.stop();
      await client.close();
      await close();
      await database.drop();
      process.off("warning", onWarning);
    },
  };
}
