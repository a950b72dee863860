import { setImmediate as turnOfEventLoop } from "node:timers/promises";

import { TransactionInvalidError } from "queuert/adapter";

import { endedTransactionError } from "./transaction-errors.ts";

/** A statement of postgres.js: a promise that is sent, by its handler, when somebody waits for it. */
interface Query extends Promise<unknown> {
  handler: (query: Query) => unknown;
  reject(error: unknown): void;
}

/** What postgres.js hands over inside of `begin` and `savepoint`. */
interface Scope {
  (...values: unknown[]): unknown;
  unsafe(...textAndValues: unknown[]): unknown;
  file(...pathAndValues: unknown[]): unknown;
  savepoint(...nameAndRun: unknown[]): unknown;
}

/** The part of a postgres.js instance that begins transactions. */
export interface PostgresJsBeginner<TTransaction> {
  begin(options: string, run: (tx: TTransaction) => Promise<unknown>): Promise<unknown>;
}

/** One transaction, with all the savepoints in it. */
interface GuardedTransaction {
  isOver: boolean;
  /** Why there is no more connection to send to. */
  lost: { readonly error: unknown } | undefined;
  /** What was sent and is not answered. */
  readonly pending: Set<Query>;
  /** Makes the transaction throw although the library waits for its work. */
  abandon(error: unknown): void;
}

/** What a statement answers. */
interface QueryResult {
  readonly command?: string;
  readonly statement?: { readonly string: string };
}

const guardedTransactions = new WeakMap<object, GuardedTransaction>();

/** Whether a transaction of {@link runGuardedTransaction} is open; `undefined` for others. */
export function isGuardedOpen(tx: object): boolean | undefined {
  const guarded = guardedTransactions.get(tx);
  return guarded && !guarded.isOver && guarded.lost === undefined;
}

/**
 * Runs a READ COMMITTED transaction of postgres.js. It hands over the library's `TransactionSql` with three differences:
 *
 * - A failed statement fails the transaction where it fails it in PostgreSQL. The library fails it in any case, also when the error was
 *   caught and a savepoint has undone the statement.
 * - Nothing is sent when the connection is lost. The library sends its ROLLBACK to the closed socket, which ends the process.
 * - Nothing is sent when the transaction is over. The library sends it into whatever the connection is used for by then.
 */
export async function runGuardedTransaction<TTransaction extends object, TResult>(
  sql: PostgresJsBeginner<TTransaction>,
  run: (tx: TTransaction) => Promise<TResult>,
): Promise<TResult> {
  let abandon!: (error: unknown) => void;
  const abandoned = new Promise<never>((_, reject) => (abandon = reject));
  const guarded: GuardedTransaction = {
    isOver: false,
    lost: undefined,
    pending: new Set(),
    abandon,
  };
  const committed = sql.begin("isolation level read committed", async (scope) => {
    try {
      return await runInScope(guarded, scope as never, run as never);
    } finally {
      guarded.isOver = true;
    }
  });
  try {
    return (await Promise.race([committed, abandoned])) as TResult;
  } catch (error) {
    // postgres.js gives up on work that is under way only when it has lost the connection.
    if (!guarded.isOver) loseConnection(guarded, error);
    throw error;
  }
}

async function runInScope(
  guarded: GuardedTransaction,
  scope: Scope,
  run: (tx: Scope) => unknown,
): Promise<unknown> {
  let failure: { readonly error: unknown } | undefined;
  const tx = guardScope(guarded, scope, (error) => {
    failure ??= { error };
  });
  guardedTransactions.set(tx, guarded);
  try {
    const result = run(tx);
    const value = await (Array.isArray(result) ? Promise.all(result) : result);
    if (failure === undefined) await stayIfLost(guarded);
    else await assertUndone(guarded, scope, failure);
    return value;
  } catch (error) {
    await untilLossIsKnown();
    await stayIfLost(guarded);
    throw error;
  }
}

/**
 * A statement learns of a reset connection by the socket's error, and the transaction by its close. Node tells of that at the end of the turn of
 * the event loop, after what is immediate in it: in the next turn both know.
 */
async function untilLossIsKnown(): Promise<void> {
  await turnOfEventLoop();
  await turnOfEventLoop();
}

/** Work that never ends is the only kind after which the library sends nothing. Nobody waits for it any more, so it is collected. */
async function stayIfLost({ lost, abandon }: GuardedTransaction): Promise<void> {
  if (lost === undefined) return;
  abandon(lost.error);
  await new Promise<never>(() => {});
}

/** @throws The error of the statement that failed, unless a savepoint has undone it. */
async function assertUndone(
  guarded: GuardedTransaction,
  scope: Scope,
  failure: { readonly error: unknown },
): Promise<void> {
  await untilLossIsKnown();
  await stayIfLost(guarded);
  try {
    await scope.unsafe("SELECT 1");
  } catch {
    throw failure.error;
  }
}

function loseConnection(guarded: GuardedTransaction, error: unknown): void {
  guarded.lost = { error };
  for (const query of guarded.pending) query.reject(error);
}

function guardScope(
  guarded: GuardedTransaction,
  scope: Scope,
  onFailure: (error: unknown) => void,
): Scope {
  const guard = (value: unknown): unknown => {
    if (isQuery(value)) guardQuery(guarded, value, onFailure);
    return value;
  };
  const guardedParts: Partial<Scope> = {
    unsafe: (...values) => guard(scope.unsafe(...values)),
    file: (...values) => guard(scope.file(...values)),
    savepoint: (...nameAndRun) => {
      const run = nameAndRun.pop() as (tx: Scope) => unknown;
      return scope.savepoint(...nameAndRun, async (inner: Scope) =>
        runInScope(guarded, inner, run),
      );
    },
  };
  return new Proxy(scope, {
    apply: (target, _this, values) => guard(target(...values)),
    get: (target, key) =>
      Reflect.get(Object.hasOwn(guardedParts, key) ? guardedParts : target, key) as unknown,
  });
}

function isQuery(value: unknown): value is Query {
  return value instanceof Promise && typeof (value as Partial<Query>).handler === "function";
}

function guardQuery(
  guarded: GuardedTransaction,
  query: Query,
  onFailure: (error: unknown) => void,
): void {
  const send = query.handler;
  query.handler = (sent) => {
    if (guarded.lost !== undefined) return sent.reject(guarded.lost.error);
    if (guarded.isOver) return sent.reject(overError());
    guarded.pending.add(sent);
    // The handler of a scope listens for failures with this, and remembers the first for good.
    sent.catch = () => sent;
    send(sent);
    Reflect.deleteProperty(sent, "catch");
    sent.then(
      (result) => {
        guarded.pending.delete(sent);
        // The connection is somebody else's now.
        if (isEndOfTransaction(result as QueryResult))
          loseConnection(guarded, endedTransactionError());
      },
      (error: unknown) => {
        guarded.pending.delete(sent);
        onFailure(error);
      },
    );
    return undefined;
  };
}

/** PostgreSQL calls ROLLBACK TO SAVEPOINT by the name of ROLLBACK. */
function isEndOfTransaction({ command, statement }: QueryResult): boolean {
  return (
    command === "COMMIT" || (command === "ROLLBACK" && !/\bto\b/i.test(statement?.string ?? ""))
  );
}

function overError(): TransactionInvalidError {
  return new TransactionInvalidError(
    "The transaction of this statement is over, so it was not sent. Await the statements of a transaction inside of it.",
  );
}
