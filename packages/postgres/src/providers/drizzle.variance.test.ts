import { createTestDatabase, findMainServerUrl } from "@queuert/testkit/postgres";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { StoreSetupError, TransactionNestedError } from "queuert/adapter";
import { describe, expect, it } from "vitest";

import { createDrizzleProvider } from "./drizzle.ts";

const answering = { name: "a", text: "SELECT $1::text AS answer", values: ["1"], isPrepared: true };

describe("Drizzle", () => {
  it("takes the nested transactions of its own", async () => {
    const database = await createTestDatabase(await findMainServerUrl());
    const pool = new pg.Pool({ connectionString: database.url });
    const provider = createDrizzleProvider({ db: drizzle(pool) });
    await provider.transaction(async (tx) => {
      await tx.transaction(async (nested) => {
        expect([provider.isTransaction(nested), provider.isOpen(nested)]).toEqual([true, true]);
        expect(await provider.query(nested, answering)).toEqual([{ answer: "1" }]);
      });
    });
    await pool.end();
    await database.drop();
  });

  it("C5 C6: on a single client, takes turns with it", async () => {
    const database = await createTestDatabase(await findMainServerUrl());
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const provider = createDrizzleProvider({ db: drizzle(client) });
    expect(provider.connectionCountMax).toBe(1);
    const [fromTransaction, alone] = await Promise.all([
      provider.transaction(async (tx) => provider.query(tx, answering)),
      provider.query(undefined, answering),
    ]);
    expect([fromTransaction, alone]).toEqual([[{ answer: "1" }], [{ answer: "1" }]]);
    await client.query("BEGIN");
    await expect(provider.query(undefined, answering)).rejects.toThrow(TransactionNestedError);
    await client.end();
    await database.drop();
  });

  it("refuses a driver that it does not know, and a database that keeps its driver elsewhere", () => {
    const pool = new pg.Pool();
    const db = drizzle(pool);
    const other = Object.create(db, {
      $client: { value: { query: () => undefined } },
    }) as typeof db;
    expect(() => createDrizzleProvider({ db: other })).toThrow(StoreSetupError);
    const elsewhere = Object.create(db, { $client: { value: new pg.Pool() } }) as typeof db;
    expect(() => createDrizzleProvider({ db: elsewhere })).toThrow(StoreSetupError);
  });
});
