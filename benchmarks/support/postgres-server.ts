import {
  createTestDatabase,
  openTestServer,
  query,
  type TestDatabase,
  type TestServer,
} from "@queuert/testkit/postgres";

/** A server whose commits are on the disk when they return. */
export interface DurableServer {
  /** The address of one of its databases, to make others from. */
  readonly url: string;
  /** Version and the settings that figures depend on, for the report. */
  readonly description: string;
  createDatabase(): Promise<TestDatabase>;
  /** Ends the server if it was started for this run. */
  dispose(): Promise<void>;
}

const localUrl = "postgres://postgres@127.0.0.1:5432/postgres";

/** As a server is set up that people rely on; `openTestServer` would not wait for the disk. */
const durableSettings = {
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  shared_buffers: "1GB",
  max_wal_size: "4GB",
};

/**
 * The server that `DATABASE_URL` names, else the one that answers on this machine's usual port, else one started for this run.
 *
 * @throws Error for a server that does not wait for the disk: its figures would say nothing.
 */
export async function openDurableServer(): Promise<DurableServer> {
  const givenUrl = process.env["DATABASE_URL"] ?? ((await isAnswering(localUrl)) ? localUrl : "");
  const own: TestServer | undefined =
    givenUrl === "" ? await openTestServer({ settings: durableSettings }) : undefined;
  const url = own?.url ?? givenUrl;
  try {
    return {
      url,
      description: await describeServer(url),
      createDatabase: async () => createTestDatabase(url),
      dispose: async () => own?.dispose(),
    };
  } catch (error) {
    await own?.dispose();
    throw error;
  }
}

async function isAnswering(url: string): Promise<boolean> {
  return query(url, "SELECT 1").then(
    () => true,
    () => false,
  );
}

const reportedSettings = [
  "fsync",
  "synchronous_commit",
  "full_page_writes",
  "shared_buffers",
  "max_wal_size",
  "autovacuum",
];

async function describeServer(url: string): Promise<string> {
  const rows = await query<{ name: string; value: string }>(
    url,
    "SELECT name, current_setting(name) AS value FROM pg_settings WHERE name = ANY ($1)",
    [[...reportedSettings, "server_version"]],
  );
  const settings = new Map(rows.map(({ name, value }) => [name, value]));
  if (settings.get("fsync") !== "on" || settings.get("synchronous_commit") !== "on")
    throw new Error(
      "The server does not wait for the disk (fsync, synchronous_commit). Name another one with DATABASE_URL.",
    );
  const listed = reportedSettings.map((name) => `${name}=${settings.get(name) ?? "?"}`);
  return `PostgreSQL ${settings.get("server_version") ?? "?"} (${listed.join(", ")})`;
}
