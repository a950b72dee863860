import {
  createTestDatabase,
  findMainServerUrl,
  type TestDatabase,
} from "@queuert/testkit/postgres";
import pg from "pg";
import { StoreSetupError, TransactionNestedError } from "queuert/adapter";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { createNodePostgresProvider } from "./node-postgres.ts";
import type { PostgresProvider, PostgresStatement } from "./provider.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(await findMainServerUrl());
});
afterAll(async () => database.drop());

const answering = (name: string, isPrepared = true): PostgresStatement => ({
  name,
  text: "SELECT $1::text AS answer",
  values: ["1"],
  isPrepared,
});

describe("a pool", () => {
  let pool: pg.Pool;
  let provider: PostgresProvider<pg.PoolClient>;
  beforeEach(() => {
    pool = new pg.Pool({ connectionString: database.url, max: 1 });
    provider = createNodePostgresProvider({ pool });
  });
  afterEach(async () => pool.end());

  const preparedNames = async (): Promise<unknown[]> => {
    const { rows } = await pool.query<{ name: string }>("SELECT name FROM pg_prepared_statements");
    return rows.map(({ name }) => name);
  };

  it("keeps prepared statements by their names, and none where they must not be kept", async () => {
    await provider.query(undefined, answering("kept"));
    await provider.query(undefined, answering("kept"));
    await provider.query(undefined, answering("passing", false));
    expect(await preparedNames()).toEqual(["kept"]);
  });

  it("keeps a connection whose statement the server refuses", async () => {
    await provider.query(undefined, answering("kept"));
    const refused = { ...answering("refused"), text: "SELECT (1 / $1::text::int)", values: ["0"] };
    await expect(provider.query(undefined, refused)).rejects.toMatchObject({ code: "22012" });
    expect(await preparedNames()).toEqual(["kept", "refused"]);
  });

  it("closes a connection that is still busy with a statement that was given up", async () => {
    const impatient = new pg.Pool({ connectionString: database.url, max: 1, query_timeout: 50 });
    const giveUp = createNodePostgresProvider({ pool: impatient });
    const sleeping = { ...answering("sleeping"), text: "SELECT pg_sleep(60)::text", values: [] };
    await expect(giveUp.query(undefined, sleeping)).rejects.toThrow("Query read timeout");
    expect(impatient.totalCount).toBe(0);
    await impatient.end();
  });

  it("leaves clients with the listeners that they had", async () => {
    const heard = new Set<pg.PoolClient>();
    pool.on("release", (_error, client) => heard.add(client));
    const countListeners = (): number[] =>
      [...heard].map((client) => client.listenerCount("error"));
    await provider.query(undefined, answering("first"));
    const before = countListeners();
    for (let count = 0; count < 20; count += 1) {
      await provider.transaction(async (tx) => provider.query(tx, answering("first")));
    }
    expect(countListeners()).toEqual(before);
  });

  it("reads texts whatever parsers and formats the user has set", async () => {
    const own = new pg.Pool({
      connectionString: database.url,
      max: 1,
      types: { getTypeParser: () => () => "the user's own" },
    });
    expect(
      await createNodePostgresProvider({ pool: own }).query(undefined, answering("parsed")),
    ).toEqual([{ answer: "1" }]);
    await own.end();
  });
});

describe("a single client", () => {
  let client: pg.Client;
  let provider: PostgresProvider<pg.Client>;
  beforeEach(async () => {
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    provider = createNodePostgresProvider({ client });
    await client.query("CREATE TEMPORARY TABLE notes (text text)");
  });
  afterEach(async () => client.end());

  it("C6: a call without the transaction waits until that is over", async () => {
    const insertion = { ...answering("insert"), text: "INSERT INTO notes VALUES ($1::text)" };
    let inserted: Promise<unknown> | undefined;
    const transaction = provider.transaction(async (tx) => {
      inserted = provider.query(undefined, insertion);
      await provider.query(tx, answering("first"));
      throw new Error("rolled back");
    });
    await expect(transaction).rejects.toThrow("rolled back");
    await inserted;
    expect((await client.query("SELECT text FROM notes")).rows).toEqual([{ text: "1" }]);
  });

  it("C5: a call in a transaction that was begun past the adapter throws instead of joining it", async () => {
    await client.query("BEGIN");
    await expect(provider.query(undefined, answering("first"))).rejects.toThrow(
      TransactionNestedError,
    );
    await expect(provider.transaction(async () => undefined)).rejects.toThrow(
      TransactionNestedError,
    );
    expect(await provider.query(client, answering("first"))).toEqual([{ answer: "1" }]);
    await client.query("COMMIT");
    expect(await provider.query(undefined, answering("first"))).toEqual([{ answer: "1" }]);
  });

  it("refuses a pool that goes by the name of a client", () => {
    const pool = new pg.Pool({ connectionString: database.url });
    expect(() => createNodePostgresProvider({ client: pool as never })).toThrow(StoreSetupError);
  });
});
