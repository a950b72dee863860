import { execFile } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { ensurePgBouncer, type PgBouncerProgram } from "./ensure-pgbouncer.ts";
import { findFreePort } from "./free-port.ts";
import { openGuard } from "./guard.ts";
import { untilAnswering } from "./until-answering.ts";

export interface PgBouncerOptions {
  /** When a connection to the server goes back to the pool; `transaction` by default. */
  readonly poolMode?: "session" | "transaction" | "statement";
  /** Connections to the server, per database; 4 by default. */
  readonly poolSize?: number;
  /** How many statements a client may prepare; 0 by default, which is none. Versions before 1.21 know no other. */
  readonly preparedStatementCountMax?: number;
}

export interface PgBouncer {
  /** The server's address through the pool. */
  readonly url: string;
  /** The address of the console, for `SHOW POOLS` and the like. */
  readonly consoleUrl: string;
  readonly version: string;
  /** Ends it and all connections through it. The death of this process does the same. */
  dispose(): Promise<void>;
}

/**
 * Starts PgBouncer before the server of that address. Undefined where it cannot be had: neither on the PATH nor, as a
 * package, from apt.
 */
export async function openPgBouncer(
  serverUrl: string,
  options: PgBouncerOptions = {},
): Promise<PgBouncer | undefined> {
  const found = await ensurePgBouncer();
  if (found === undefined) return undefined;
  const version = await readVersion(found);
  const url = new URL(serverUrl);
  url.host = `127.0.0.1:${await findFreePort()}`;
  const consoleUrl = new URL(url);
  consoleUrl.pathname = "/pgbouncer";

  const guard = await openGuard();
  try {
    const configuration = join(guard.folder, "pgbouncer.ini");
    await writeFile(configuration, describeSettings(serverUrl, url.port, version, options));
    // Only its user gets into the folder.
    await chmod(configuration, 0o644);
    const running = await guard.run(found.program, [configuration], found.env);
    await untilAnswering(url.href, guard, running);
  } catch (error) {
    await guard.close();
    throw error;
  }
  return {
    url: url.href,
    consoleUrl: consoleUrl.href,
    version,
    dispose: async () => guard.close(),
  };
}

async function readVersion({ program, env }: PgBouncerProgram): Promise<string> {
  const { stdout } = await promisify(execFile)(program, ["--version"], {
    env: { ...process.env, ...env },
  });
  return /^PgBouncer (\S+)/.exec(stdout)?.[1] ?? "0";
}

function describeSettings(
  serverUrl: string,
  port: string,
  version: string,
  options: PgBouncerOptions,
): string {
  const { poolMode = "transaction", poolSize = 4, preparedStatementCountMax = 0 } = options;
  const server = new URL(serverUrl);
  const target = {
    host: server.hostname,
    port: server.port || "5432",
    user: decodeURIComponent(server.username),
    password: decodeURIComponent(server.password),
  };
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    unix_socket_dir: "",
    // Everybody is the server's user, who may also see the console.
    auth_type: "any",
    pool_mode: poolMode,
    default_pool_size: poolSize,
    max_client_conn: 500,
    // What clients usually ask for at login.
    ignore_startup_parameters: "extra_float_digits",
    ...(hasPreparedStatements(version)
      ? { max_prepared_statements: preparedStatementCountMax }
      : {}),
  };
  return [
    "[databases]",
    `* = ${Object.entries(target)
      .filter(([, value]) => value !== "")
      .map(([name, value]) => `${name}='${value.replaceAll("'", "''")}'`)
      .join(" ")}`,
    "[pgbouncer]",
    ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
    "",
  ].join("\n");
}

/** Older versions do not know the setting. */
function hasPreparedStatements(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 1 || minor >= 21;
}
