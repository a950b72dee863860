import type { PGlite, Transaction as PgliteTransaction } from "@electric-sql/pglite";
import type { MikroORM, SqlEntityManager } from "@mikro-orm/postgresql";
import type { ExtractTablesWithRelations } from "drizzle-orm";
import type { NodePgDatabase, NodePgQueryResultHKT } from "drizzle-orm/node-postgres";
import { pgTable, text, type PgTransaction } from "drizzle-orm/pg-core";
import type { PgliteDatabase } from "drizzle-orm/pglite";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import type { Knex } from "knex";
import type { Kysely, Transaction } from "kysely";
import type pg from "pg";
import type postgres from "postgres";
import type { StateAdapter } from "queuert/adapter";
import type { DataSource, EntityManager } from "typeorm";

import { createPostgresStateAdapter } from "../index.ts";
import { createDrizzleProvider } from "./drizzle.ts";
import { createKnexProvider } from "./knex.ts";
import { createKyselyProvider } from "./kysely.ts";
import { createMikroOrmProvider } from "./mikro-orm.ts";
import { createNodePostgresProvider } from "./node-postgres.ts";
import { createPgliteProvider } from "./pglite.ts";
import { createPostgresJsProvider } from "./postgres-js.ts";
import { createPrismaProvider } from "./prisma.ts";
import type { PostgresProvider } from "./provider.ts";
import { createTypeormProvider } from "./typeorm.ts";

// Each provider hands over the library's own transaction, with the user's own schema, and takes nothing else for one.

declare const pool: pg.Pool;
declare const single: pg.Client;
const onPool: PostgresProvider<pg.PoolClient> = createNodePostgresProvider({ pool });
const onClient: PostgresProvider<pg.Client> = createNodePostgresProvider({ client: single });
const state = createPostgresStateAdapter({ provider: onPool });
const asPort: StateAdapter<pg.PoolClient> = state;
declare const poolClient: pg.PoolClient;
void asPort.startChains({ tx: poolClient, chains: [] });
// @ts-expect-error -- A pool would run each statement on another connection.
void state.startChains({ tx: pool, chains: [] });
// @ts-expect-error -- tx is required, so that no call commits by itself by accident.
void state.startChains({ chains: [] });
// @ts-expect-error -- A single client is not to be released to a pool.
void onClient.transaction(async (tx) => tx.release());
// @ts-expect-error -- A pool goes by the name of pool.
createNodePostgresProvider({ client: pool });

declare const sql: postgres.Sql<{ big: bigint }>;
const onPostgresJs: PostgresProvider<postgres.TransactionSql<{ big: bigint }>> =
  createPostgresJsProvider({ sql });
const postgresJsState = createPostgresStateAdapter({ provider: onPostgresJs });
void sql.begin(async (tx) => postgresJsState.startChains({ tx, chains: [] }));
// @ts-expect-error -- The instance is in no transaction.
void postgresJsState.startChains({ tx: sql, chains: [] });

declare const pglite: PGlite;
const onPglite: PostgresProvider<PgliteTransaction> = createPgliteProvider({ db: pglite });
const pgliteState = createPostgresStateAdapter({ provider: onPglite });
void pglite.transaction(async (tx) => pgliteState.startChains({ tx, chains: [] }));
// @ts-expect-error -- The instance is in no transaction.
void pgliteState.startChains({ tx: pglite, chains: [] });

const orders = pgTable("orders", { id: text() });
const schema = { orders };
type Schema = typeof schema;
declare const drizzle: NodePgDatabase<Schema> & { $client: pg.Pool };
const onDrizzle: PostgresProvider<
  PgTransaction<NodePgQueryResultHKT, Schema, ExtractTablesWithRelations<Schema>>
> = createDrizzleProvider({ db: drizzle });
const drizzleState = createPostgresStateAdapter({ provider: onDrizzle });
void drizzle.transaction(async (tx) => drizzleState.startChains({ tx, chains: [] }));
void drizzleState.transaction(async (tx) => tx.query.orders.findMany());
void drizzleState.transaction(async (tx) =>
  tx.transaction(async (inner) => drizzleState.startChains({ tx: inner, chains: [] })),
);
// @ts-expect-error -- The database is in no transaction.
void drizzleState.startChains({ tx: drizzle, chains: [] });
// @ts-expect-error -- The schema is the user's, and has no such table.
void drizzleState.transaction(async (tx) => tx.query.customers.findMany());
declare const drizzleOnPostgresJs: PostgresJsDatabase & { $client: postgres.Sql };
void createDrizzleProvider({ db: drizzleOnPostgresJs }).transaction(async (tx) =>
  tx.select().from(orders),
);
declare const drizzleOnPglite: PgliteDatabase & { $client: PGlite };
void createDrizzleProvider({ db: drizzleOnPglite }).transaction(async (tx) =>
  tx.select().from(orders),
);

interface Tables {
  orders: { id: string; total: number };
}
declare const kysely: Kysely<Tables>;
const onKysely: PostgresProvider<Transaction<Tables>> = createKyselyProvider({ db: kysely, pool });
const kyselyState = createPostgresStateAdapter({ provider: onKysely });
void kysely.transaction().execute(async (tx) => kyselyState.startChains({ tx, chains: [] }));
void kyselyState.startChains({ tx: await kysely.startTransaction().execute(), chains: [] });
void kyselyState.transaction(async (tx) => tx.selectFrom("orders").select("total").execute());
// @ts-expect-error -- The instance is in no transaction.
void kyselyState.startChains({ tx: kysely, chains: [] });
// @ts-expect-error -- The tables are the user's, and there is no such one.
void kyselyState.transaction(async (tx) => tx.selectFrom("customers").execute());

declare const knex: Knex;
const onKnex: PostgresProvider<Knex.Transaction> = createKnexProvider({ knex });
const knexState = createPostgresStateAdapter({ provider: onKnex });
void knex.transaction(async (tx) => knexState.startChains({ tx, chains: [] }));
// @ts-expect-error -- The instance is in no transaction.
void knexState.startChains({ tx: knex, chains: [] });

declare const dataSource: DataSource;
const onTypeorm: PostgresProvider<EntityManager> = createTypeormProvider({ dataSource });
const typeormState = createPostgresStateAdapter({ provider: onTypeorm });
void dataSource.transaction(async (tx) => typeormState.startChains({ tx, chains: [] }));
void typeormState.transaction(async (tx) => tx.getRepository<Tables["orders"]>("orders").find());
// @ts-expect-error -- A data source is no entity manager. Whether a manager is in a transaction shows when it is used.
void typeormState.startChains({ tx: dataSource, chains: [] });

declare const orm: MikroORM;
const onMikroOrm: PostgresProvider<SqlEntityManager> = createMikroOrmProvider({ em: orm.em });
const mikroOrmState = createPostgresStateAdapter({ provider: onMikroOrm });
void orm.em.transactional(async (tx) => mikroOrmState.startChains({ tx, chains: [] }));
// @ts-expect-error -- The ORM is no entity manager. Whether a manager is in a transaction shows when it is used.
void mikroOrmState.startChains({ tx: orm, chains: [] });

/** What a generated client of Prisma has. */
interface PrismaTransaction {
  $queryRawUnsafe<TResult = unknown>(text: string, ...values: unknown[]): Promise<TResult>;
  readonly order: { count(): Promise<number> };
}
interface PrismaClient extends PrismaTransaction {
  $connect(): Promise<void>;
  $transaction<TResult>(
    run: (tx: Omit<PrismaClient, "$connect" | "$transaction">) => Promise<TResult>,
    options?: { maxWait?: number; timeout?: number; isolationLevel?: "ReadCommitted" },
  ): Promise<TResult>;
}
declare const prisma: PrismaClient;
const prismaState = createPostgresStateAdapter({ provider: createPrismaProvider({ prisma }) });
void prismaState.transaction(async (tx) => tx.order.count());
// @ts-expect-error -- A transaction begins no other one.
void prismaState.transaction(async (tx) => tx.$transaction(async () => undefined));
