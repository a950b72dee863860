import { assertCommittable } from "./assert-committable.ts";
import { executeOnClient, queryClient, type NodePostgresClient } from "./node-postgres-client.ts";
import type { PostgresProvider } from "./provider.ts";

/** The part of TypeORM's `QueryRunner` that the adapter uses. */
export interface TypeormQueryRunner {
  readonly isTransactionActive: boolean;
  readonly isReleased: boolean;
  /** Answers the connection of node-postgres. */
  connect(): Promise<unknown>;
  release(): Promise<void>;
}

/** The part of TypeORM's `EntityManager` that the adapter uses. */
export interface TypeormEntityManager {
  readonly queryRunner?: TypeormQueryRunner | undefined;
}

/** The part of TypeORM's `DataSource` that the adapter uses. */
export interface TypeormDataSource<TTransaction extends TypeormEntityManager> {
  readonly options: object;
  createQueryRunner(): TypeormQueryRunner;
  transaction<TResult>(
    isolation: "READ COMMITTED",
    run: (tx: TTransaction) => Promise<TResult>,
  ): Promise<TResult>;
}

/** What node-postgres takes where nothing else is said. */
const poolSizeDefault = 10;

/**
 * Binds the adapter to TypeORM with a data source of the type "postgres". Transactions are handed over as the `EntityManager` of the
 * transaction, and may come from a `QueryRunner` of your own as well: pass its `manager`. The manager of the data source is in no transaction.
 *
 * Statements of the adapter go to the connection as they are, so TypeORM's logger and subscribers do not see them.
 */
export function createTypeormProvider<TTransaction extends TypeormEntityManager>(options: {
  readonly dataSource: TypeormDataSource<TTransaction>;
}): PostgresProvider<TTransaction> {
  const { dataSource } = options;
  return {
    name: "TypeORM",
    connectionCountMax: connectionCountMaxOf(dataSource.options),
    isTransaction: isEntityManager<TTransaction>,
    isOpen: ({ queryRunner }) =>
      queryRunner?.isTransactionActive === true && !queryRunner.isReleased,
    transaction: async (run) =>
      dataSource.transaction("READ COMMITTED", async (tx) => {
        const result = await run(tx);
        const client = await connectionOf(tx.queryRunner);
        await assertCommittable(async (sql) => executeOnClient(client, sql));
        return result;
      }),
    async query(tx, statement) {
      if (tx !== undefined) return queryClient(await connectionOf(tx.queryRunner), statement);
      const queryRunner = dataSource.createQueryRunner();
      try {
        return await queryClient(await connectionOf(queryRunner), statement);
      } finally {
        await queryRunner.release();
      }
    },
  };
}

function isEntityManager<TTransaction extends TypeormEntityManager>(
  value: unknown,
): value is TTransaction {
  if (typeof value !== "object" || value === null) return false;
  const { queryRunner } = value as TypeormEntityManager;
  return typeof queryRunner?.isTransactionActive === "boolean";
}

async function connectionOf(
  queryRunner: TypeormQueryRunner | undefined,
): Promise<NodePostgresClient> {
  return (await queryRunner?.connect()) as NodePostgresClient;
}

function connectionCountMaxOf(options: object): number {
  const { poolSize, extra } = options as {
    readonly poolSize?: number;
    readonly extra?: { readonly max?: number };
  };
  return extra?.max ?? poolSize ?? poolSizeDefault;
}
