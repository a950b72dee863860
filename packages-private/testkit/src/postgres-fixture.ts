import assert from "node:assert/strict";

import type {
  ConformanceFixture,
  ConformanceInstallation,
  ConformanceStore,
  ListedSkip,
} from "@queuert/conformance";
import {
  createPostgresNotifyAdapter,
  createPostgresStateAdapter,
  type PartitionOptions,
  type PostgresListener,
  type PostgresProvider,
} from "@queuert/postgres";
import {
  createNodePostgresListener,
  createNodePostgresProvider,
} from "@queuert/postgres/node-postgres";
import pg from "pg";
import type { StateAdapter } from "queuert/adapter";

import { assertRowsMakeSense } from "./postgres/assert-rows.ts";
import { findMainServerUrl } from "./postgres/main-server-door.ts";
import { createTestName } from "./postgres/test-database.ts";
import { postgresNotifySkips, postgresSkips } from "./skips.ts";

/** A client library, as a process of the user's has it. */
export interface PostgresLibrary {
  readonly name: string;
  /** Whether what is opened has a listener, for the notify adapter. */
  readonly canListen?: boolean;
  open(url: string): Promise<OpenPostgresLibrary>;
}

export interface OpenPostgresLibrary {
  // oxlint-disable-next-line no-explicit-any -- invariant in its transaction type, which is the library's own affair.
  readonly provider: PostgresProvider<any>;
  readonly listener?: PostgresListener;
  /** Inserts a row of text into a table of the user's, through the library's own transaction. */
  insertOwnRow(tx: unknown, table: string, text: string): Promise<void>;
  dispose(): Promise<void>;
}

export const nodePostgres: PostgresLibrary = {
  name: "node-postgres",
  canListen: true,
  async open(url) {
    const pool = new pg.Pool({ connectionString: url, max: 10 });
    // The server ends connections when a test restarts it: an idle one has nobody else to tell.
    pool.on("error", () => undefined);
    return {
      provider: createNodePostgresProvider({ pool }),
      listener: createNodePostgresListener({ pool }),
      async insertOwnRow(tx, table, text) {
        await (tx as pg.PoolClient).query(`INSERT INTO ${table} VALUES ($1)`, [text]);
      },
      dispose: async () => pool.end(),
    };
  },
};

export interface PostgresFixtureOptions {
  /** What is different from the default, for reports. */
  readonly variant?: string;
  readonly tablePrefix?: string;
  readonly isPrepared?: boolean;
  readonly partitions?: PartitionOptions;
  readonly skips?: readonly ListedSkip[];
  /** The server; the one that the run shares by default. */
  readonly findUrl?: () => Promise<string>;
}

/** The PostgreSQL adapters with one client library, in schemas of their own for each store. */
export function createPostgresFixture(
  library: PostgresLibrary,
  options: PostgresFixtureOptions = {},
): ConformanceFixture {
  const { variant, skips = postgresSkips, findUrl = findMainServerUrl } = options;
  const canListen = library.canListen === true;
  return {
    name: `postgres (${library.name}${variant === undefined ? "" : `, ${variant}`})`,
    kinds: canListen ? ["state", "notify"] : ["state"],
    capabilities: ["concurrentReaders", "concurrentWriters", "ownRows", "schema", "workerRows"],
    skips: canListen ? [...skips, ...postgresNotifySkips] : skips,
    createStore: async () => createStore(library, options, await findUrl()),
  };
}

async function createStore(
  library: PostgresLibrary,
  { tablePrefix = "", isPrepared = true, partitions }: PostgresFixtureOptions,
  url: string,
): Promise<ConformanceStore> {
  const user = new pg.Pool({ connectionString: url, max: 1 });
  const name = createTestName();
  const ownTable = `${name}_own.user_rows`;
  await user.query(
    `CREATE SCHEMA ${name}_own; CREATE TABLE ${ownTable} (text text NOT NULL, place serial)`,
  );
  const opened: OpenPostgresLibrary[] = [];

  const createInstallation = (schema: string): ConformanceInstallation => {
    const openProcess = async (): Promise<OpenPostgresLibrary> => {
      const process = await library.open(url);
      opened.push(process);
      return process;
    };
    const createState = (
      { provider }: OpenPostgresLibrary,
      clock?: () => number,
    ): StateAdapter<object> =>
      createPostgresStateAdapter({
        provider,
        schema,
        tablePrefix,
        isPrepared,
        ...(partitions && { partitions }),
        clock,
      });
    return {
      openState: async ({ clock }) => createState(await openProcess(), clock),
      async openNotify() {
        const process = await openProcess();
        assert(process.listener !== undefined, `${library.name} has no listener`);
        return createPostgresNotifyAdapter({
          state: createState(process),
          listener: process.listener,
        });
      },
      async deleteWorkerRow(workerId) {
        await user.query(`DELETE FROM ${schema}."${tablePrefix}worker" WHERE worker_id = $1`, [
          workerId,
        ]);
      },
      ownRows: {
        async insert(tx, text) {
          await opened[0]!.insertOwnRow(tx, `${ownTable} (text)`, text);
        },
        async list() {
          const { rows } = await user.query<{ text: string }>(
            `SELECT text FROM ${ownTable} ORDER BY place`,
          );
          return rows.map(({ text }) => text);
        },
      },
    };
  };
  return {
    ...createInstallation(name),
    sibling: createInstallation(`${name}_sibling`),
    async dispose() {
      await Promise.all(opened.map(async (process) => process.dispose()));
      try {
        for (const schema of [name, `${name}_sibling`])
          await assertRowsMakeSense(user, `${schema}."${tablePrefix}job"`);
      } finally {
        await user.query(`DROP SCHEMA IF EXISTS ${name}, ${name}_sibling, ${name}_own CASCADE`);
        await user.end();
      }
    },
  };
}
