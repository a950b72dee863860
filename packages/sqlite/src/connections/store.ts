import {
  StoreUnavailableError,
  TransactionInvalidError,
  TransactionNestedError,
} from "queuert/adapter";

import { translateError } from "../errors.ts";
import type { SqliteProvider } from "../providers/provider.ts";
import type { NameTables } from "../table-names.ts";
import { createConnectionOf, type Connection } from "./connection.ts";
import { enclosingTransaction, runEnclosed } from "./enclosing-transactions.ts";
import { createFifoMutex } from "./fifo-mutex.ts";
import { openConnection } from "./open-connection.ts";
import { retryWhileBusy } from "./retry-while-busy.ts";
import { rollBack, runInSavepoint, runInTransaction } from "./run-atomically.ts";
import { createSavepoints } from "./savepoints.ts";
import { createSession, type Session } from "./session.ts";

/** What an operation does with its session. Synchronous: nothing comes between two of its statements (trap C6). */
export type Work<TResult> = (session: Session) => TResult;

/**
 * The connections of one adapter: a writer that one transaction holds at a time, and a reader. One reader is enough for a process, since the
 * clients are synchronous and no read outlives its turn of the event loop.
 */
export interface Store<TConnection extends object> {
  /** Runs `work` in `tx`, or in a write transaction of its own. */
  write<TResult>(
    operation: string,
    tx: TConnection | undefined,
    work: Work<TResult>,
  ): Promise<TResult>;
  /** Runs `work` in `tx`, or in a read transaction of its own: one snapshot, no waiting for writers. */
  read<TResult>(tx: TConnection | undefined, work: Work<TResult>): Promise<TResult>;
  /** Runs `change` in a write transaction, on a database that may not be migrated. */
  migrate<TResult>(change: (connection: Connection<TConnection>) => TResult): Promise<TResult>;
  transaction<TResult>(run: (tx: TConnection) => Promise<TResult>): Promise<TResult>;
  savepoint<TResult>(tx: TConnection, run: () => Promise<TResult>): Promise<TResult>;
  /** Throws where a write of its own cannot be begun: after `close`, and inside a transaction of this async context. */
  assertWritable(operation: string): void;
  /** Changes with every commit of another connection, this process's or another's, and not with those of this store's own. */
  readDataVersion(): Promise<number>;
  close(): Promise<void>;
}

export interface StoreOptions<TConnection extends object> {
  readonly provider: SqliteProvider<TConnection>;
  readonly nameTables: NameTables;
  readonly synchronous: "full" | "normal";
  readonly busyTimeoutMs: number;
  readonly clock: (() => number) | undefined;
  /** Throws `StoreSetupError` on a connection whose database lacks the tables. */
  readonly assertMigrated: (connection: Connection<object>) => void;
}

function closedError(): StoreUnavailableError {
  return new StoreUnavailableError("The state adapter is closed. Make another one.");
}

export function createStore<TConnection extends object>(
  options: StoreOptions<TConnection>,
): Store<TConnection> {
  const { provider, busyTimeoutMs } = options;
  const { resultCode } = provider;
  const connectionOf = createConnectionOf(provider, options.nameTables);
  const mutex = createFifoMutex();
  /** Names this store in the flows that its transactions enclose. */
  const owner = {};
  const savepoints = createSavepoints();
  const migrated = new WeakSet<object>();
  let writer: Connection<TConnection> | undefined;
  let reader: Connection<TConnection> | undefined;
  let closing: Promise<void> | undefined;
  let isClosed = false;

  const retry = <TResult>(attempt: () => TResult): Promise<TResult> =>
    retryWhileBusy(attempt, { busyTimeoutMs, resultCode });

  const assertOpen = (): void => {
    if (closing !== undefined) throw closedError();
  };
  const assertWritable = (operation: string): void => {
    assertOpen();
    if (enclosingTransaction(owner)?.isOpen === true) throw new TransactionNestedError(operation);
  };

  const assertMigrated = (connection: Connection<TConnection>): void => {
    if (migrated.has(connection)) return;
    options.assertMigrated(connection);
    migrated.add(connection);
  };
  const work = <TResult>(connection: Connection<TConnection>, run: Work<TResult>): TResult => {
    assertMigrated(connection);
    return run(createSession(connection, options.clock));
  };

  const workInSavepoint = <TResult>(
    connection: Connection<TConnection>,
    run: Work<TResult>,
  ): TResult => runInSavepoint(connection, () => work(connection, run));

  // Called under the mutex only.
  const openWriter = async (): Promise<Connection<TConnection>> => {
    writer ??= await retry(() =>
      connectionOf(
        openConnection(provider, { isReadOnly: false, synchronous: options.synchronous }),
      ),
    );
    return writer;
  };
  // After the writer, which makes the file and its journal mode. Not under the mutex: a read inside a transaction would wait for it.
  const openReader = (): Connection<TConnection> => {
    if (isClosed) throw closedError();
    reader ??= connectionOf(
      openConnection(provider, { isReadOnly: true, synchronous: options.synchronous }),
    );
    return reader;
  };

  /** The connection of a transaction that the caller says is open. */
  const enter = (tx: TConnection): Connection<TConnection> => {
    if (!provider.isConnection(tx)) {
      throw new TransactionInvalidError(
        `The value given as tx is no open ${provider.name} connection. Pass what transaction() hands over, or a connection of your own.`,
      );
    }
    if (isClosed && tx === writer?.handle) throw closedError();
    // The writer's handle is the same in every transaction: a call of one that is over must not slip into the next.
    const isOver = tx === writer?.handle && enclosingTransaction(owner)?.isOpen === false;
    if (isOver || !provider.isInTransaction(tx)) {
      throw new TransactionInvalidError(
        "The connection given as tx is in no transaction, or in one that began later. Pass tx while its transaction is open, and await what uses it.",
      );
    }
    return connectionOf(tx);
  };

  const translated = async <TResult>(run: () => TResult | Promise<TResult>): Promise<TResult> => {
    try {
      return await run();
    } catch (error) {
      throw translateError(error, resultCode);
    }
  };

  const close = async (): Promise<void> => {
    // The reader first: the last connection to go folds the log into the file, and a reader cannot.
    if (reader !== undefined) provider.close(reader.handle);
    if (writer !== undefined) provider.close(writer.handle);
    isClosed = true;
  };

  return {
    assertWritable,

    write: (operation, tx, run) =>
      translated(() => {
        if (tx !== undefined) return retry(() => workInSavepoint(enter(tx), run));
        assertWritable(operation);
        return mutex.run(async () => {
          const connection = await openWriter();
          return retry(() =>
            runInTransaction(connection, "BEGIN IMMEDIATE", () => work(connection, run)),
          );
        });
      }),

    read: (tx, run) =>
      translated(() => {
        if (tx !== undefined) return work(enter(tx), run);
        assertOpen();
        const readNow = () =>
          retry(() => {
            const connection = openReader();
            return runInTransaction(connection, "BEGIN", () => work(connection, run));
          });
        return writer === undefined ? mutex.run(async () => openWriter().then(readNow)) : readNow();
      }),

    migrate: (change) =>
      translated(() => {
        assertWritable("migrate");
        return mutex.run(async () => {
          const connection = await openWriter();
          return retry(() =>
            runInTransaction(connection, "BEGIN IMMEDIATE", () => change(connection)),
          );
        });
      }),

    transaction: async (run) => {
      assertWritable("transaction");
      return mutex.run(async () => {
        const connection = await translated(openWriter);
        await translated(() => retry(() => connection.run("BEGIN IMMEDIATE")));
        try {
          const result = await runEnclosed(owner, async () => run(connection.handle));
          if (!connection.isInTransaction()) {
            throw new TransactionInvalidError(
              "The transaction was ended inside of transaction(), so it cannot be committed. Leave COMMIT and ROLLBACK to it.",
            );
          }
          await translated(() => connection.run("COMMIT"));
          return result;
        } catch (error) {
          rollBack(connection);
          throw error;
        }
      });
    },

    savepoint: async (tx, run) => {
      const connection = enter(tx);
      return savepoints.run(connection, run, (statement) => translated(statement));
    },

    readDataVersion: () =>
      translated(async () => {
        assertOpen();
        const connection = writer ?? (await mutex.run(openWriter));
        return connection.first<{ data_version: number }>("PRAGMA data_version")!.data_version;
      }),

    close: async () => {
      if (enclosingTransaction(owner)?.isOpen === true) throw new TransactionNestedError("close");
      closing ??= mutex.run(close);
      return closing;
    },
  };
}
