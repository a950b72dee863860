import { AsyncLocalStorage } from "node:async_hooks";

/** Savepoints around asynchronous work. */
export interface Savepoints {
  /** `execute` runs SQL of ours on the transaction's connection; errors of `run` are thrown as they are. */
  run<TResult>(
    tx: object,
    run: () => Promise<TResult>,
    execute: (sql: string) => Promise<void>,
  ): Promise<TResult>;
}

/** A savepoint, as what is begun inside it sees it. Work that was not awaited may outlive it and finds it ended. */
interface OpenSavepoint {
  readonly tx: object;
  readonly parent: OpenSavepoint | undefined;
  /** The end of the last savepoint directly inside. */
  tail: Promise<unknown>;
  isOpen: boolean;
}

// One for the process, as with transactions.
const flow = new AsyncLocalStorage<OpenSavepoint>();

/**
 * Savepoints are a stack: releasing one releases all above it. So those that stand side by side in one transaction take turns, while one inside
 * another goes ahead.
 */
export function createSavepoints(): Savepoints {
  const outermost = new WeakMap<object, { tail: Promise<unknown> }>();

  const levelOf = (tx: object): { tail: Promise<unknown> } => {
    for (let scope = flow.getStore(); scope !== undefined; scope = scope.parent) {
      if (scope.isOpen && scope.tx === tx) return scope;
    }
    const level = outermost.get(tx) ?? { tail: Promise.resolve() };
    outermost.set(tx, level);
    return level;
  };

  return {
    run: (tx, run, execute) => {
      const level = levelOf(tx);
      // In the caller's async context, which an enclosing savepoint is recognised by.
      const result = level.tail.then(() => runInSavepoint(tx, run, execute));
      level.tail = result.catch(() => undefined);
      return result;
    },
  };
}

async function runInSavepoint<TResult>(
  tx: object,
  run: () => Promise<TResult>,
  execute: (sql: string) => Promise<void>,
): Promise<TResult> {
  await execute("SAVEPOINT queuert_savepoint");
  const scope: OpenSavepoint = {
    tx,
    parent: flow.getStore(),
    tail: Promise.resolve(),
    isOpen: true,
  };
  try {
    const result = await flow.run(scope, run);
    scope.isOpen = false;
    await execute("RELEASE SAVEPOINT queuert_savepoint");
    return result;
  } catch (error) {
    scope.isOpen = false;
    await execute("ROLLBACK TO SAVEPOINT queuert_savepoint");
    await execute("RELEASE SAVEPOINT queuert_savepoint");
    throw error;
  }
}
