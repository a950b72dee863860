import {
  createTestDatabase,
  findMainServerUrl,
  openProvider,
  providerNames,
  query,
  serverProviderNames,
  type OpenProvider,
  type ProviderName,
  type TestDatabase,
} from "@queuert/testkit/postgres";
import { StoreUnavailableError, TransactionInvalidError } from "queuert/adapter";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { sqlStateOf, translateError } from "../errors.ts";
import { createMeeting } from "../meeting.fixture.ts";
import type { PostgresRow, PostgresStatement } from "./provider.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(await findMainServerUrl());
  const name = new URL(database.url).pathname.slice(1);
  // What a provider must not leave to the settings of the server.
  await query(
    database.url,
    `ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'`,
  );
});
afterAll(async () => database.drop());

let statementCount = 0;
function statement(text: string, values: readonly (string | null)[] = []): PostgresStatement {
  statementCount += 1;
  return { name: `statement_${statementCount}`, text, values, isPrepared: true };
}

/** A library that is open for all tests of a suite, with an empty table of notes. */
function openForSuite(name: ProviderName): () => OpenProvider {
  let opened: OpenProvider;
  beforeAll(async () => {
    opened = await openProvider(name, database.url);
  }, 60_000);
  afterAll(async () => opened.dispose());
  beforeEach(async () => {
    const { provider } = opened;
    await provider.query(undefined, statement("CREATE TABLE IF NOT EXISTS notes (text text)"));
    await provider.query(undefined, statement("DELETE FROM notes"));
  });
  return () => opened;
}

const insert = (text: string): PostgresStatement =>
  statement("INSERT INTO notes (text) VALUES ($1::text)", [text]);

async function listNotes({ provider }: OpenProvider): Promise<unknown[]> {
  const rows = await provider.query(undefined, statement("SELECT text FROM notes ORDER BY text"));
  return rows.map(({ text }) => text);
}

async function readAnswer(rows: Promise<readonly PostgresRow[]>): Promise<unknown> {
  return (await rows)[0]?.["answer"];
}

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe.each(providerNames)("the provider of %s", (name) => {
  const opened = openForSuite(name);

  it("takes texts and nulls, and answers columns by their names", async () => {
    const texts = ["", "null", "{}", "2020-01-01T00:00:00.000Z", "\\ \" ' $1 ? :a é😀"];
    const text =
      "SELECT $1::text AS first, $2::text AS \"Second_Column\", $3::text AS third, $4::text::jsonb->>'a' AS fourth, '? ?? \\? :b $$' AS fifth";
    for (const value of texts) {
      const values = [value, null, `${value}${value}`, '{"a": "b"}'];
      expect([...(await opened().provider.query(undefined, statement(text, values)))]).toEqual([
        {
          first: value,
          Second_Column: null,
          third: value + value,
          fourth: "b",
          fifth: "? ?? \\? :b $$",
        },
      ]);
    }
  });

  it.each([true, false])(
    "runs a statement any number of times, prepared: %s",
    async (isPrepared) => {
      const { provider } = opened();
      const increment = statement("SELECT ($1::text::integer + 1)::text AS answer");
      const answers = await Promise.all(
        ["1", "2", "3", "4", "5", "6", "7", "8"].map(async (value) =>
          readAnswer(provider.query(undefined, { ...increment, values: [value], isPrepared })),
        ),
      );
      expect(answers).toEqual(["2", "3", "4", "5", "6", "7", "8", "9"]);
    },
  );

  it("passes the server's errors on, and the SQLSTATE is found in them", async () => {
    const { provider } = opened();
    const divide = statement("SELECT (1 / $1::text::integer)::text AS answer", ["0"]);
    expect(sqlStateOf(await errorOf(provider.query(undefined, divide)))).toBe("22012");
    const inTransaction = await errorOf(
      provider.transaction(async (tx) => provider.query(tx, divide)),
    );
    expect(sqlStateOf(inTransaction)).toBe("22012");
    for (const sqlState of ["40001", "40P01", "42P01"]) {
      const raise = statement(`DO $$ BEGIN RAISE SQLSTATE '${sqlState}'; END $$`);
      expect(sqlStateOf(await errorOf(provider.query(undefined, raise)))).toBe(sqlState);
    }
  });

  it("P1: begins transactions that are READ COMMITTED, and commits what they wrote", async () => {
    const { provider } = opened();
    const isolation = await provider.transaction(async (tx) => {
      await provider.query(tx, insert("kept"));
      return readAnswer(
        provider.query(tx, statement("SELECT current_setting('transaction_isolation') AS answer")),
      );
    });
    expect(isolation).toBe("read committed");
    expect(await listNotes(opened())).toEqual(["kept"]);
  });

  it("P1: rolls back when the work throws, and throws the same", async () => {
    const { provider } = opened();
    const thrown = new Error("the user's own");
    const transaction = provider.transaction(async (tx) => {
      await provider.query(tx, insert("undone"));
      throw thrown;
    });
    expect(await errorOf(transaction)).toBe(thrown);
    expect(await listNotes(opened())).toEqual([]);
  });

  it("P1: a transaction goes on when a savepoint has undone what failed", async () => {
    const { provider } = opened();
    await provider.transaction(async (tx) => {
      await provider.query(tx, statement("SAVEPOINT a"));
      await provider.query(tx, insert("undone"));
      const failure = await errorOf(provider.query(tx, statement("SELECT (1 / 0)::text")));
      expect(sqlStateOf(failure)).toBe("22012");
      await provider.query(tx, statement("ROLLBACK TO SAVEPOINT a"));
      await provider.query(tx, statement("RELEASE SAVEPOINT a"));
      await provider.query(tx, insert("kept"));
    });
    expect(await listNotes(opened())).toEqual(["kept"]);
  });

  it("P1: throws when a failed statement makes the server roll back instead of committing", async () => {
    const { provider } = opened();
    const transaction = provider.transaction(async (tx) => {
      await provider.query(tx, insert("lost"));
      await errorOf(provider.query(tx, statement("SELECT (1 / 0)::text")));
    });
    await expect(transaction).rejects.toBeInstanceOf(Error);
    expect(await listNotes(opened())).toEqual([]);
  });

  it.each(["ROLLBACK", "COMMIT"])(
    "P1: throws when the work ends the transaction by %s",
    async (end) => {
      const { provider } = opened();
      const transaction = provider.transaction(async (tx) => {
        await provider.query(tx, statement(end));
      });
      expect(await errorOf(transaction)).toBeInstanceOf(TransactionInvalidError);
      await provider.transaction(async (tx) => provider.query(tx, insert("next")));
      expect(await listNotes(opened())).toEqual(["next"]);
    },
  );

  it("knows its transactions, and whether they are open", async () => {
    const { provider } = opened();
    let kept: object | undefined;
    await provider.transaction(async (tx) => {
      kept = tx;
      expect([provider.isTransaction(tx), provider.isOpen(tx)]).toEqual([true, true]);
    });
    expect([provider.isTransaction(kept), provider.isOpen(kept!)]).toEqual([true, false]);
  });

  it("takes a transaction that the library itself began", async () => {
    const { provider, transaction } = opened();
    await transaction(async (tx) => {
      expect(provider.isTransaction(tx)).toBe(true);
      if (!provider.isTransaction(tx)) return;
      expect(provider.isOpen(tx)).not.toBe(false);
      await provider.query(tx, insert("kept"));
    });
    const rolledBack = transaction(async (tx) => {
      if (provider.isTransaction(tx)) await provider.query(tx, insert("undone"));
      throw new Error("rolled back");
    });
    await expect(rolledBack).rejects.toThrow("rolled back");
    expect(await listNotes(opened())).toEqual(["kept"]);
  });

  it("takes nothing else for one of its open transactions", async () => {
    const { provider, noTransactions } = opened();
    const others = [undefined, null, 1, "tx", {}, [], () => undefined, ...noTransactions];
    expect(
      others.filter((value) => provider.isTransaction(value) && provider.isOpen(value) !== false),
    ).toEqual([]);
  });

  it("P1: transactions at once, half of which roll back, do not mix", async () => {
    const { provider } = opened();
    await Promise.all(
      Array.from({ length: 24 }, async (_, index) =>
        errorOf(
          provider.transaction(async (tx) => {
            await provider.query(tx, insert(String(100 + index)));
            if (index % 2 === 1) throw new Error("rolled back");
          }),
        ),
      ),
    );
    expect(await listNotes(opened())).toEqual(
      Array.from({ length: 12 }, (_, index) => String(100 + 2 * index)),
    );
  });
});

describe.each(serverProviderNames)("the provider of %s, when connections break", (name) => {
  const opened = openForSuite(name);

  const backendOf = async (tx: object): Promise<unknown> =>
    readAnswer(opened().provider.query(tx, statement("SELECT pg_backend_pid()::text AS answer")));
  /** Resolves when the server has ended it. */
  const endBackend = async (backend: unknown): Promise<void> => {
    await query(database.url, "SELECT pg_terminate_backend($1, 5000)", [backend]);
  };

  it("fails the transaction between two statements, and nothing else", async () => {
    const { provider } = opened();
    let isSent = false;
    const transaction = provider.transaction(async (tx) => {
      await provider.query(tx, insert("lost"));
      await endBackend(await backendOf(tx));
      await provider.query(tx, insert("lost as well"));
      isSent = true;
    });
    expect(await errorOf(transaction)).toBeDefined();
    expect(isSent).toBe(false);
    expect(await listNotes(opened())).toEqual([]);
  });

  it("fails the transaction in the middle of a statement", async () => {
    const { provider } = opened();
    const transaction = provider.transaction(async (tx) => {
      const backend = await backendOf(tx);
      const sleeping = provider.query(tx, statement("SELECT pg_sleep(60)::text"));
      const [failure] = await Promise.all([errorOf(sleeping), endBackend(backend)]);
      throw failure;
    });
    expect(translateError(await errorOf(transaction))).toBeInstanceOf(StoreUnavailableError);
    expect(await listNotes(opened())).toEqual([]);
  });

  it("fails the transaction whose work does not notice", async () => {
    const { provider } = opened();
    const transaction = provider.transaction(async (tx) => {
      await provider.query(tx, insert("lost"));
      await endBackend(await backendOf(tx));
    });
    await expect(transaction).rejects.toBeInstanceOf(Error);
    expect(await listNotes(opened())).toEqual([]);
  });

  it("answers again afterwards, on as many connections as before", async () => {
    const { provider } = opened();
    // More often than there are connections: those that broke must not stay lent out.
    for (let count = 0; count < 12; count += 1) {
      await errorOf(provider.transaction(async (tx) => endBackend(await backendOf(tx))));
    }
    const arriveAndMeet = createMeeting(10);
    await Promise.all(
      Array.from({ length: 10 }, async (_, index) =>
        provider.transaction(async (tx) => {
          await provider.query(tx, insert(String(index)));
          await arriveAndMeet();
        }),
      ),
    );
    expect(await listNotes(opened())).toHaveLength(10);
  });
});
