import type { SqlRunner } from "../connections/store.ts";
import { createNameObjects, type Naming } from "../names.ts";
import { describeSchema, type SchemaDescription, type SchemaNames } from "./describe-schema.ts";
import { listVersions, readIsPartitioned, statementsOf } from "./migrate.ts";
import { currentVersion, migrations } from "./migrations.ts";

/** A part of the schema that is not as the migrations of this adapter make it. */
export interface SchemaDifference {
  /** What it is and its name: "table job", "column job.priority", "index job_ready", "constraint …", "trigger …", "function exchange", "version". */
  readonly part: string;
  /** "unexpected" is what somebody added to our tables. */
  readonly kind: "missing" | "changed" | "unexpected";
  readonly expected: string | undefined;
  readonly found: string | undefined;
}

/** Answers what was found, and takes the transaction that it was found in back. */
class Finding extends Error {
  readonly differences: readonly SchemaDifference[];
  constructor(differences: readonly SchemaDifference[]) {
    super("The transaction of a schema check is rolled back.");
    this.differences = differences;
  }
}

/**
 * Compares the schema with what the migrations make, on this very server: they are run into the session's temporary schema, and rolled back. The
 * tables in use are not touched. Answers the differences, by part; none when all is as it should be.
 */
export async function checkSchema(
  migrate: (change: (runner: SqlRunner) => Promise<never>) => Promise<never>,
  naming: Naming,
): Promise<readonly SchemaDifference[]> {
  try {
    return await migrate(async (runner) => {
      throw new Finding(await findDifferences(runner, naming));
    });
  } catch (error) {
    if (error instanceof Finding) return error.differences;
    throw error;
  }
}

async function findDifferences(
  runner: SqlRunner,
  { schema, tablePrefix }: Naming,
): Promise<readonly SchemaDifference[]> {
  const version = (await listVersions(runner)).at(-1);
  if (version !== currentVersion) {
    const kind = version === undefined ? "missing" : "changed";
    return [{ part: "version", kind, expected: currentVersion, found: version }];
  }
  const statements = statementsOf(migrations, {
    isPartitioned: await readIsPartitioned(runner),
  });
  const nameExpected = createNameObjects({ schema: "pg_temp", tablePrefix });
  for (const statement of statements) await runner.execute(nameExpected(statement));
  const names = listNames(statements, tablePrefix);
  return compare(
    await describeSchema(runner, "pg_my_temp_schema()", { ...names, quotedSchema: '"pg_temp"' }),
    await describeSchema(runner, "'{schema}'::regnamespace", {
      ...names,
      quotedSchema: `"${schema}"`,
    }),
  );
}

/** The tables and functions that the statements create. */
function listNames(
  statements: readonly string[],
  tablePrefix: string,
): Pick<SchemaNames, "tables" | "functions"> {
  const created = (pattern: RegExp): readonly string[] =>
    statements.flatMap((statement) =>
      [...statement.matchAll(pattern)].map(([, name]) => `${tablePrefix}${name}`),
    );
  return {
    tables: created(/CREATE TABLE \{(\w+)\}/g),
    functions: created(/CREATE OR REPLACE FUNCTION \{(\w+)\}/g),
  };
}

function compare(
  expected: SchemaDescription,
  found: SchemaDescription,
): readonly SchemaDifference[] {
  const parts = [...new Set([...expected.keys(), ...found.keys()])].toSorted();
  return parts.flatMap((part): readonly SchemaDifference[] => {
    const [wanted, present] = [expected.get(part), found.get(part)];
    if (wanted === present) return [];
    const kind =
      present === undefined ? "missing" : wanted === undefined ? "unexpected" : "changed";
    return [{ part, kind, expected: wanted, found: present }];
  });
}
