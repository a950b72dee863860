import { StoreSetupError, StoreUnavailableError } from "queuert/adapter";

import type { SqliteProvider } from "../providers/provider.ts";

/**
 * How long SQLite itself waits for a lock. That blocks the event loop, so it only bridges another process's quick commit, and
 * `retryWhileBusy` does the waiting above it: long enough to help four processes that drain one file, short enough to take a tenth of the
 * loop at most while a lock is held for long.
 */
const driverBusyTimeoutMs = 2;

export interface OpenOptions {
  readonly isReadOnly: boolean;
  readonly synchronous: "full" | "normal";
}

/**
 * Opens a connection and sets it up. Foreign keys are switched on for the user's tables, which are written through the same connection.
 *
 * @throws StoreSetupError when the database refuses write-ahead logging or foreign keys.
 */
export function openConnection<TConnection extends object>(
  provider: SqliteProvider<TConnection>,
  options: OpenOptions,
): TConnection {
  const handle = openHandle(provider, options.isReadOnly);
  try {
    provider.execute(handle, `PRAGMA busy_timeout = ${driverBusyTimeoutMs}`);
    if (!options.isReadOnly) setUpWriter(provider, handle, options.synchronous);
    return handle;
  } catch (error) {
    provider.close(handle);
    throw error;
  }
}

function openHandle<TConnection extends object>(
  provider: SqliteProvider<TConnection>,
  isReadOnly: boolean,
): TConnection {
  try {
    return provider.open({ isReadOnly });
  } catch (error) {
    if (provider.resultCode(error) !== undefined) throw error;
    // A client that looks at the path by itself before SQLite does.
    throw new StoreUnavailableError(
      `${provider.name} cannot open "${provider.filename}". Look at the path and its permissions.`,
      { cause: error },
    );
  }
}

function setUpWriter<TConnection extends object>(
  provider: SqliteProvider<TConnection>,
  handle: TConnection,
  synchronous: "full" | "normal",
): void {
  const { journal_mode: journalMode } = provider
    .prepare(handle, "PRAGMA journal_mode = WAL")
    .get() as { journal_mode: string };
  if (journalMode !== "wal") {
    throw new StoreSetupError(
      `The database "${provider.filename}" keeps journal mode "${journalMode}", and readers beside a writer need "wal". Use a local file system, and a build of SQLite with write-ahead logging.`,
    );
  }
  provider.execute(handle, `PRAGMA synchronous = ${synchronous}`);
  provider.execute(handle, "PRAGMA foreign_keys = ON");
  const { foreign_keys: foreignKeys } = provider.prepare(handle, "PRAGMA foreign_keys").get() as {
    foreign_keys: number;
  };
  if (foreignKeys !== 1) {
    throw new StoreSetupError(
      `${provider.name} cannot switch foreign keys on for "${provider.filename}". Use a build of SQLite that has them.`,
    );
  }
}
