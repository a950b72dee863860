import { createTestDatabase, findMainServerUrl } from "@queuert/testkit/postgres";
import { CamelCasePlugin, Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { expect, it } from "vitest";

import { createKyselyProvider } from "./kysely.ts";

const answering = {
  name: "a",
  text: "SELECT $1::text AS the_answer",
  values: ["1"],
  isPrepared: true,
};

it("Kysely keeps its plugins from the statements of the adapter, and takes transactions with other ones", async () => {
  const database = await createTestDatabase(await findMainServerUrl());
  const pool = new pg.Pool({ connectionString: database.url });
  const db = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool }),
    plugins: [new CamelCasePlugin()],
  });
  const provider = createKyselyProvider({ db, pool });
  expect(await provider.query(undefined, answering)).toEqual([{ the_answer: "1" }]);
  await provider.transaction(async (tx) => {
    for (const view of [tx, tx.withSchema("other"), tx.withPlugin(new CamelCasePlugin())]) {
      expect(provider.isTransaction(view)).toBe(true);
      expect(await provider.query(view, answering)).toEqual([{ the_answer: "1" }]);
    }
  });
  const controlled = await db.startTransaction().execute();
  expect(await provider.query(controlled, answering)).toEqual([{ the_answer: "1" }]);
  await controlled.commit().execute();
  await expect(provider.query(controlled, answering)).rejects.toBeInstanceOf(Error);
  await db.destroy();
  await database.drop();
});
