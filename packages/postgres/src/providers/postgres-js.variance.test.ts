import {
  createTestDatabase,
  findMainServerUrl,
  query,
  type TestDatabase,
} from "@queuert/testkit/postgres";
import postgres from "postgres";
import { TransactionInvalidError } from "queuert/adapter";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { createPostgresJsProvider } from "./postgres-js.ts";
import type { PostgresProvider } from "./provider.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(await findMainServerUrl());
});
afterAll(async () => database.drop());

let sql: postgres.Sql;
let provider: PostgresProvider<postgres.TransactionSql>;
beforeEach(async () => {
  sql = postgres(database.url, { max: 1, onnotice: () => undefined });
  provider = createPostgresJsProvider({ sql });
  await sql`CREATE TABLE IF NOT EXISTS notes (text text NOT NULL)`;
  await sql`DELETE FROM notes`;
});
afterEach(async () => sql.end({ timeout: 1 }));

async function listNotes(): Promise<string[]> {
  const rows = await sql<{ text: string }[]>`SELECT text FROM notes ORDER BY text`;
  return rows.map(({ text }) => text);
}

const backendOf = async (tx: postgres.TransactionSql): Promise<number> => {
  const [row] = await tx<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
  return row!.pid;
};
const endBackend = async (pid: number): Promise<void> => {
  await query(database.url, "SELECT pg_terminate_backend($1, 5000)", [pid]);
};

describe("the transaction that is handed over", () => {
  it("has what the library's own has", async () => {
    const rows = await provider.transaction(async (tx) => {
      const fragment = tx`WHERE text = ANY (${["a", "b"]})`;
      await tx`INSERT INTO ${tx("notes")} ${tx([{ text: "a" }, { text: "b" }, { text: "c" }])}`;
      await tx.unsafe("UPDATE notes SET text = $1 WHERE text = 'c'", ["d"]);
      const [json] = await tx<{ a: number }[]>`SELECT (${tx.json({ a: 1 })}::jsonb->'a')::int AS a`;
      expect(json).toEqual({ a: 1 });
      return tx<{ text: string }[]>`SELECT text FROM notes ${fragment} ORDER BY text`.values();
    });
    expect([...rows]).toEqual([["a"], ["b"]]);
    expect(await listNotes()).toEqual(["a", "b", "d"]);
  });

  it("P1: has savepoints that keep and undo", async () => {
    await provider.transaction(async (tx) => {
      const kept = await tx.savepoint("named", async (inner) => {
        await inner`INSERT INTO notes VALUES ('kept')`;
        return "what it returned";
      });
      expect(kept).toBe("what it returned");
      const undone = tx.savepoint(async (inner) => {
        await inner`INSERT INTO notes VALUES ('undone')`;
        throw new Error("undone");
      });
      await expect(undone).rejects.toThrow("undone");
      const statements = await tx.savepoint((inner) => [
        inner`INSERT INTO notes VALUES ('first')`,
        inner`INSERT INTO notes VALUES ('second')`,
      ]);
      expect(statements).toHaveLength(2);
    });
    expect(await listNotes()).toEqual(["first", "kept", "second"]);
  });

  it("P1: undoes a savepoint in which a failure was caught, and goes on", async () => {
    await provider.transaction(async (tx) => {
      const caught = tx.savepoint(async (inner) => {
        await inner`INSERT INTO notes VALUES ('undone')`;
        await inner`SELECT 1 / 0`.catch(() => undefined);
      });
      await expect(caught).rejects.toMatchObject({ code: "22012" });
      await tx`INSERT INTO notes VALUES ('kept')`;
    });
    expect(await listNotes()).toEqual(["kept"]);
  });

  it("P1: throws the error of the statement whose failure was caught and not undone", async () => {
    const transaction = provider.transaction(async (tx) => {
      await tx`INSERT INTO notes VALUES (${null})`.catch(() => undefined);
    });
    await expect(transaction).rejects.toMatchObject({ code: "23502" });
  });

  it("P1: sends nothing when it is over, since the connection is in another transaction by then", async () => {
    let kept: postgres.TransactionSql | undefined;
    await provider.transaction(async (tx) => {
      kept = tx;
    });
    await provider.transaction(async (tx) => {
      await tx`INSERT INTO notes VALUES ('kept')`;
      await expect(kept!`INSERT INTO notes VALUES ('late')`).rejects.toThrow(
        TransactionInvalidError,
      );
    });
    expect(await listNotes()).toEqual(["kept"]);
  });
});

describe("a connection that breaks", () => {
  it("fails every statement that waits for it, those that were not sent as well", async () => {
    let settled: Promise<PromiseSettledResult<unknown>[]> | undefined;
    const transaction = provider.transaction(async (tx) => {
      const pid = await backendOf(tx);
      // With a value, the next one is not sent before the server has described this one.
      settled = Promise.allSettled([1, 2, 3].map(async () => tx`SELECT pg_sleep(${60})`));
      await endBackend(pid);
      await settled;
    });
    await expect(transaction).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(await settled).toMatchObject([1, 2, 3].map(() => ({ status: "rejected" })));
  });

  const loseConnection = async (): Promise<void> => {
    const lost = provider.transaction(async (tx) => {
      const pid = await backendOf(tx);
      await Promise.all([tx`SELECT pg_sleep(60)`, endBackend(pid)]);
    });
    await expect(lost).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  };

  it("leaves no trace in the first statement after it", async () => {
    await loseConnection();
    const text = "SELECT $1::text AS answer";
    const answer = { name: "answer", text, values: ["1"], isPrepared: true };
    expect([...(await provider.query(undefined, answer))]).toEqual([{ answer: "1" }]);
  });

  it("leaves no trace in the first transaction after it", async () => {
    for (let count = 0; count < 3; count += 1) {
      await loseConnection();
    }
    await provider.transaction(async (tx) => tx`INSERT INTO notes VALUES ('kept')`);
    expect(await listNotes()).toEqual(["kept"]);
  });
});
