import { PGlite, type Transaction } from "@electric-sql/pglite";
import type {
  ConformanceFixture,
  ConformanceInstallation,
  ConformanceStore,
} from "@queuert/conformance";
import { createPostgresStateAdapter } from "@queuert/postgres";
import { createPgliteProvider } from "@queuert/postgres/pglite";

import { createTestName } from "./postgres/test-database.ts";
import { pgliteSkips } from "./skips.ts";

/** The PostgreSQL adapters on PGlite. It takes seconds to start, so all stores share one, in schemas of their own. */
export function createPgliteFixture(): ConformanceFixture {
  let started: Promise<PGlite> | undefined;
  return {
    name: "postgres (PGlite)",
    kinds: ["state"],
    capabilities: ["ownRows", "schema", "workerRows"],
    skips: pgliteSkips,
    createStore: async () => createStore(await (started ??= PGlite.create())),
  };
}

async function createStore(db: PGlite): Promise<ConformanceStore> {
  const name = createTestName();
  const ownTable = `${name}_own.user_rows`;
  await db.exec(
    `CREATE SCHEMA ${name}_own; CREATE TABLE ${ownTable} (text text NOT NULL, place serial)`,
  );

  const createInstallation = (schema: string): ConformanceInstallation => ({
    openState: async ({ clock }) =>
      createPostgresStateAdapter({ provider: createPgliteProvider({ db }), schema, clock }),
    async deleteWorkerRow(workerId) {
      await db.query(`DELETE FROM ${schema}.worker WHERE worker_id = $1`, [workerId]);
    },
    ownRows: {
      async insert(tx, text) {
        await (tx as Transaction).query(`INSERT INTO ${ownTable} (text) VALUES ($1)`, [text]);
      },
      async list() {
        const { rows } = await db.query<{ text: string }>(
          `SELECT text FROM ${ownTable} ORDER BY place`,
        );
        return rows.map(({ text }) => text);
      },
    },
  });
  return {
    ...createInstallation(name),
    sibling: createInstallation(`${name}_sibling`),
    async dispose() {
      await db.exec(`DROP SCHEMA IF EXISTS ${name}, ${name}_sibling, ${name}_own CASCADE`);
    },
  };
}
