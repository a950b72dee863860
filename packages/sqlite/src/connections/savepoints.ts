import { AsyncLocalStorage } from "node:async_hooks";

import type { Connection } from "./connection.ts";
import { createFifoMutex, type FifoMutex } from "./fifo-mutex.ts";
import { beginSavepoint, releaseSavepoint, undoSavepoint } from "./run-atomically.ts";

/** Savepoints around asynchronous work. */
export interface Savepoints {
  /** `translated` runs SQL of ours, whose errors are the client's; those of `run` are thrown as they are. */
  run<TResult>(
    connection: Connection<object>,
    run: () => Promise<TResult>,
    translated: (statement: () => void) => Promise<void>,
  ): Promise<TResult>;
}

/** A savepoint, as what is begun inside it sees it. Work that was not awaited may outlive it and finds it ended. */
interface OpenSavepoint {
  readonly connection: Connection<object>;
  /** For the savepoints directly inside. */
  readonly turns: FifoMutex;
  readonly parent: OpenSavepoint | undefined;
  isOpen: boolean;
}

/**
 * SQLite's savepoints are a stack: releasing one releases all above it. So savepoints that stand side by side in one transaction take turns,
 * while one inside another goes ahead.
 */
export function createSavepoints(): Savepoints {
  const outermost = new WeakMap<Connection<object>, FifoMutex>();
  const enclosing = new AsyncLocalStorage<OpenSavepoint>();

  const turnsOf = (connection: Connection<object>): FifoMutex => {
    for (let scope = enclosing.getStore(); scope !== undefined; scope = scope.parent) {
      if (scope.isOpen && scope.connection === connection) return scope.turns;
    }
    const turns = outermost.get(connection) ?? createFifoMutex();
    outermost.set(connection, turns);
    return turns;
  };

  return {
    run: (connection, run, translated) =>
      turnsOf(connection).run(async () => {
        await translated(() => beginSavepoint(connection));
        const scope: OpenSavepoint = {
          connection,
          turns: createFifoMutex(),
          parent: enclosing.getStore(),
          isOpen: true,
        };
        try {
          const result = await enclosing.run(scope, run);
          scope.isOpen = false;
          await translated(() => releaseSavepoint(connection));
          return result;
        } catch (error) {
          scope.isOpen = false;
          await translated(() => undoSavepoint(connection));
          throw error;
        }
      }),
  };
}
