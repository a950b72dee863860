import type { ChaosDatabase } from "../databases/chaos-database.ts";
import type { Fault } from "./fault.ts";

/** A migration that did not get its lock in time, or that was in somebody's way, has changed nothing and comes again. */
const conflicts: ReadonlySet<unknown> = new Set(["55P03", "40P01"]);

/**
 * The schema of the next version comes while workers of this one are at work: as migrations do it, in one transaction, that adds a column, an
 * index, a table and a version, drops what the version before last has left, and puts all functions in place anew.
 */
export function createNextMigration(): Fault {
  let step = 900;
  return {
    everyMs: [700, 2_500],
    async strike({ database, count }) {
      try {
        await database.execute(await statementsOf(database, step + 1));
      } catch (error) {
        if (!conflicts.has((error as { readonly code?: unknown }).code)) throw error;
        count("migration that stepped back");
        return;
      }
      step += 1;
      count("migration");
    },
  };
}

async function statementsOf(database: ChaosDatabase, step: number): Promise<readonly string[]> {
  const isPostgres = database.adapter === "postgres";
  const lastIndex = `next_${step - 1}_type`;
  return [
    ...(isPostgres ? ["SET LOCAL lock_timeout = 5000"] : []),
    `ALTER TABLE {job} ADD COLUMN next_${step} text DEFAULT 'next'`,
    `CREATE INDEX next_${step}_type ON {job} (type) WHERE next_${step} <> 'next'`,
    `DROP INDEX IF EXISTS ${isPostgres ? `{${lastIndex}}` : lastIndex}`,
    `CREATE TABLE {next_${step}} (id integer NOT NULL PRIMARY KEY)`,
    ...(await functionsOf(database)),
    insertVersion(database, step),
  ];
}

async function functionsOf({ adapter, query }: ChaosDatabase): Promise<readonly string[]> {
  if (adapter === "sqlite") return [];
  const rows = await query<{ definition: string }>(
    "SELECT pg_get_functiondef(oid) AS definition FROM pg_proc WHERE pronamespace = 'queuert'::regnamespace",
  );
  return rows.map(({ definition }) => definition);
}

function insertVersion({ adapter }: ChaosDatabase, step: number): string {
  return adapter === "postgres"
    ? `INSERT INTO {migration} (version) VALUES ('${step}')`
    : `INSERT INTO {migration} (version, applied_at) VALUES ('${step}', 0)`;
}
