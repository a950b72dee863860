import { createHash } from "node:crypto";

import {
  StoreUnavailableError,
  TransactionInvalidError,
  TransactionNestedError,
} from "queuert/adapter";

import { translateError } from "../errors.ts";
import type { NameObjects } from "../names.ts";
import type { PostgresProvider, PostgresStatement } from "../providers/provider.ts";
import { isInside, isOver, runInside } from "./open-transactions.ts";
import { retryConflicts } from "./retry-conflicts.ts";
import { createSavepoints } from "./savepoints.ts";
import { answerColumn, readAnswer, type AnsweringStatement, type Session } from "./session.ts";

/** What an operation does with its session: it asks once, since only one statement is atomic by itself. */
export type Work<TResult> = (session: Session) => Promise<TResult>;

/** How one adapter comes to the database, through the user's client library. */
export interface Store<TTransaction extends object> {
  /** Runs `work` in `tx`, or by itself; then a conflict is tried again, a few times. */
  run<TResult>(
    operation: string,
    tx: TTransaction | undefined,
    work: Work<TResult>,
  ): Promise<TResult>;
  transaction<TResult>(run: (tx: TTransaction) => Promise<TResult>): Promise<TResult>;
  savepoint<TResult>(tx: TTransaction, run: () => Promise<TResult>): Promise<TResult>;
  /** Runs `change` in a transaction, with a way to run SQL text with `{object}` names. */
  migrate<TResult>(change: (runner: SqlRunner) => Promise<TResult>): Promise<TResult>;
  close(): Promise<void>;
}

/** Runs SQL text, one statement at a time. */
export interface SqlRunner {
  /** As in a session. */
  readonly now: string | null;
  execute(sql: string): Promise<void>;
  /** The answer of an expression, parsed. */
  ask<TAnswer>(
    expression: string,
    values?: readonly (string | null)[],
  ): Promise<TAnswer | undefined>;
}

export interface StoreOptions<TTransaction extends object> {
  readonly provider: PostgresProvider<TTransaction>;
  readonly nameObjects: NameObjects;
  readonly isPrepared: boolean;
  readonly clock: (() => number) | undefined;
}

export function createStore<TTransaction extends object>(
  options: StoreOptions<TTransaction>,
): Store<TTransaction> {
  const { provider, nameObjects, isPrepared, clock } = options;
  /** Names this store in the flows that its transactions enclose. */
  const owner = {};
  const savepoints = createSavepoints();
  const statements = createStatements(nameObjects, isPrepared);
  let openCount = 0;
  let inFlightCount = 0;
  let onIdle: (() => void) | undefined;
  let closing: Promise<void> | undefined;

  const assertOpen = (): void => {
    if (closing !== undefined) {
      throw new StoreUnavailableError("The state adapter is closed. Make another one.");
    }
  };

  /** A call without the transaction that encloses it takes a connection of its own, unless all are held by transactions like that one (trap C5). */
  const assertConnectable = (operation: string): void => {
    assertOpen();
    if (openCount >= (provider.connectionCountMax ?? Infinity) && isInside(owner)) {
      throw new TransactionNestedError(operation);
    }
  };

  const counted = async <TResult>(run: () => Promise<TResult>): Promise<TResult> => {
    inFlightCount += 1;
    try {
      return await run();
    } finally {
      inFlightCount -= 1;
      if (inFlightCount === 0) onIdle?.();
    }
  };

  const translated = async <TResult>(run: () => Promise<TResult>): Promise<TResult> => {
    try {
      return await run();
    } catch (error) {
      throw translateError(error);
    }
  };

  const assertTransaction = (tx: TTransaction): void => {
    if (!provider.isTransaction(tx)) {
      throw new TransactionInvalidError(
        `The value given as tx is no transaction of ${provider.name}. Pass what transaction() hands over, or a transaction of your own.`,
      );
    }
    if (provider.isOpen(tx) === false || isOver(tx)) {
      throw new TransactionInvalidError(
        "The value given as tx is in no transaction, or in one that began later. Pass tx while its transaction is open, and await what uses it.",
      );
    }
  };

  const readNow = (): string | null =>
    clock === undefined ? null : new Date(clock()).toISOString();

  const createSession = (tx: TTransaction | undefined): Session => ({
    now: readNow(),
    async ask(statement, values) {
      return readAnswer(await provider.query(tx, statements(statement, values)));
    },
  });

  const createRunner = (tx: TTransaction): SqlRunner => {
    const query = (text: string, values: readonly (string | null)[]) =>
      provider.query(tx, { name: "", text: nameObjects(text), values, isPrepared: false });
    return {
      now: readNow(),
      execute: async (sql) => {
        await query(sql, []);
      },
      ask: async (expression, values = []) =>
        readAnswer(await query(`SELECT (${expression})::text AS ${answerColumn}`, values)),
    };
  };

  const transaction = async <TResult>(
    run: (tx: TTransaction) => Promise<TResult>,
  ): Promise<TResult> => {
    openCount += 1;
    // The user's errors pass as they are; only what the library throws around them is translated.
    let thrown: { readonly error: unknown } | undefined;
    try {
      return await provider.transaction(async (tx) => {
        try {
          return await runInside(owner, tx, async () => run(tx));
        } catch (error) {
          thrown = { error };
          throw error;
        }
      });
    } catch (error) {
      if (thrown !== undefined) throw thrown.error;
      throw translateError(error);
    } finally {
      openCount -= 1;
    }
  };

  return {
    run: async (operation, tx, work) => {
      if (tx !== undefined) {
        assertTransaction(tx);
        return translated(() => work(createSession(tx)));
      }
      assertConnectable(operation);
      return counted(() => translated(() => retryConflicts(() => work(createSession(undefined)))));
    },

    transaction: async (run) => {
      assertConnectable("transaction");
      return counted(() => transaction(run));
    },

    savepoint: async (tx, run) => {
      assertTransaction(tx);
      const { execute } = createRunner(tx);
      return savepoints.run(tx, run, (sql) => translated(() => execute(sql)));
    },

    migrate: async (change) => {
      assertConnectable("migrate");
      return counted(() =>
        retryConflicts(() => transaction((tx) => translated(() => change(createRunner(tx))))),
      );
    },

    close: async () => {
      if (isInside(owner)) throw new TransactionNestedError("close");
      closing ??= (async () => {
        if (inFlightCount > 0) await new Promise<void>((resolve) => (onIdle = resolve));
        await provider.close?.();
      })();
      return closing;
    },
  };
}

/** Texts are named once per installation: a client that keeps prepared statements knows them by name, and installations may share it. */
function createStatements(nameObjects: NameObjects, isPrepared: boolean) {
  const installation = createHash("sha256").update(nameObjects("{job}")).digest("hex").slice(0, 8);
  const known = new WeakMap<AnsweringStatement, { readonly name: string; readonly text: string }>();
  return (statement: AnsweringStatement, values: readonly (string | null)[]): PostgresStatement => {
    let named = known.get(statement);
    if (named === undefined) {
      const { name, expression } = statement;
      named = {
        name: `queuert_${installation}_${name}`,
        text: nameObjects(`SELECT (${expression})::text AS ${answerColumn}`),
      };
      known.set(statement, named);
    }
    return { ...named, values, isPrepared };
  };
}
