import { isPostgresMajor, postgresMajors, type PostgresMajor } from "./ensure-postgres.ts";
import { query } from "./query.ts";
import { createTestDatabase } from "./test-database.ts";
import { openTestServer, type TestServer } from "./test-server.ts";

/** The server that a run of the tests shares. Nobody may restart it or end the connections of others. */
export interface MainServer {
  /** The address of an empty database, made for this run. */
  readonly url: string;
  /** Which server it is, for people. */
  readonly description: string;
  /** Removes the database, and the server with it if it was started for this run. */
  dispose(): Promise<void>;
}

/**
 * The server of the major version in `QUEUERT_POSTGRES_MAJOR`, started for this run; else the one that `DATABASE_URL`
 * names; else the newest, started for this run.
 */
export async function openMainServer(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<MainServer> {
  const major = readMajor(env["QUEUERT_POSTGRES_MAJOR"]);
  const givenUrl = major === undefined ? env["DATABASE_URL"] : undefined;
  const own = givenUrl === undefined ? await openOwnServer(major) : undefined;
  try {
    const serverUrl = own?.url ?? givenUrl ?? "";
    const [row] = await query<{ server_version: string }>(serverUrl, "SHOW server_version");
    const database = await createTestDatabase(serverUrl);
    return {
      url: database.url,
      description: `PostgreSQL ${row?.server_version}, ${own === undefined ? "found by DATABASE_URL" : "started for this run"}`,
      dispose: own === undefined ? database.drop : own.dispose,
    };
  } catch (error) {
    await own?.dispose();
    throw error;
  }
}

async function openOwnServer(major: PostgresMajor | undefined): Promise<TestServer> {
  return openTestServer(major === undefined ? {} : { major });
}

function readMajor(value: string | undefined): PostgresMajor | undefined {
  if (value === undefined || value === "") return undefined;
  const major = Number(value);
  if (isPostgresMajor(major)) return major;
  throw new Error(`QUEUERT_POSTGRES_MAJOR is "${value}". There are ${postgresMajors.join(", ")}.`);
}
