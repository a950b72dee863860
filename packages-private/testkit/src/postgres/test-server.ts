import assert from "node:assert/strict";
import { join } from "node:path";

import {
  ensurePostgres,
  newestPostgresMajor,
  type PostgresMajor,
  type PostgresPrograms,
} from "./ensure-postgres.ts";
import { findFreePort } from "./free-port.ts";
import { openGuard, type Guard, type GuardedProgram } from "./guard.ts";
import { query } from "./query.ts";
import { createTestDatabase, type TestDatabase } from "./test-database.ts";
import { untilAnswering } from "./until-answering.ts";

/**
 * How a server goes down. `fast` rolls back what is open and writes everything down; `immediate` is a crash, from which
 * the next start recovers.
 */
export type ShutdownMode = "fast" | "immediate";

/** A PostgreSQL server of the test's own, to be mistreated. */
export interface TestServer {
  /** The address of its database `postgres`, for a superuser without a password. The same after a restart. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly major: PostgresMajor;
  /** Of the process that accepts connections; undefined while the server is down. */
  readonly pid: number | undefined;
  /** The data and the log are in it. Removed with the server. */
  readonly folder: string;
  createDatabase(): Promise<TestDatabase>;
  /** Ends the connections of all clients, as an administrator does. Returns how many there were. */
  terminateBackends(): Promise<number>;
  /** Resolves when no process of the server is left. */
  stop(mode?: ShutdownMode): Promise<void>;
  /** Resolves when the server takes statements. */
  start(): Promise<void>;
  restart(mode: ShutdownMode): Promise<void>;
  /** Ends the server and removes all it has written. The death of this process does the same. */
  dispose(): Promise<void>;
}

export interface TestServerOptions {
  /** The newest by default. */
  readonly major?: PostgresMajor;
  /** Settings of postgresql.conf beside those for tests, or instead of them. */
  readonly settings?: Readonly<Record<string, string>>;
}

const shutdownSignals = { fast: "SIGINT", immediate: "SIGQUIT" } as const;

/** A crash of the system cannot be tested anyway, so nothing waits for the disk; a crash of the server loses nothing. */
const testSettings = {
  fsync: "off",
  full_page_writes: "off",
  max_connections: "200",
  shared_buffers: "64MB",
};

/** Starts an empty server, and first installs that major version if it is not there. */
export async function openTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { major = newestPostgresMajor, settings = {} } = options;
  const programs = await ensurePostgres(major);
  const guard = await openGuard();
  try {
    await initializeData(guard, programs);
    const server = createTestServer(guard, programs, major, await findFreePort(), settings);
    await server.start();
    return server;
  } catch (error) {
    await guard.close();
    throw error;
  }
}

async function initializeData(guard: Guard, { initdb }: PostgresPrograms): Promise<void> {
  const initialization = await guard.run(initdb, [
    "--pgdata=data",
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
  ]);
  if ((await initialization.exited) !== 0)
    throw new Error(`initdb failed.\n${await guard.readLog()}`);
}

function createTestServer(
  guard: Guard,
  programs: PostgresPrograms,
  major: PostgresMajor,
  port: number,
  settings: Readonly<Record<string, string>>,
): TestServer {
  const host = "127.0.0.1";
  const url = `postgres://postgres@${host}:${port}/postgres`;
  const programArguments = Object.entries({
    ...testSettings,
    ...settings,
    listen_addresses: host,
    port: String(port),
    unix_socket_directories: "",
  }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  let running: GuardedProgram | undefined;

  const stop = async (mode: ShutdownMode = "fast"): Promise<void> => {
    running?.signal(shutdownSignals[mode]);
    await running?.exited;
    running = undefined;
  };
  const start = async (): Promise<void> => {
    assert(running === undefined, "The server is stopped before it is started");
    running = await guard.run(programs.postgres, [
      "-D",
      join(guard.folder, "data"),
      ...programArguments,
    ]);
    await untilAnswering(url, guard, running);
  };
  return {
    url,
    host,
    port,
    major,
    get pid() {
      return running?.pid;
    },
    folder: guard.folder,
    createDatabase: async () => createTestDatabase(url),
    async terminateBackends() {
      const terminated = await query(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
      );
      return terminated.length;
    },
    stop,
    start,
    async restart(mode) {
      await stop(mode);
      await start();
    },
    dispose: async () => guard.close(),
  };
}
