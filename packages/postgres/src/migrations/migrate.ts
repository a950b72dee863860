import { StoreSetupError, type MigrationReport } from "queuert/adapter";

import type { SqlRunner } from "../connections/store.ts";
import { makePartitionsExpression, type Partitioning } from "../partitions/partitioning.ts";
import { functions } from "./functions.ts";
import { currentVersion, migrations, type Migration } from "./migrations.ts";
import type { SchemaLayout } from "./tables.ts";

export interface MigrateOptions {
  /** How long a statement may wait for a lock, in ms. What waits longer makes everybody behind it in the queue wait as well (trap C12). */
  readonly lockTimeoutMs: number;
  /** How the job table is to be divided; `undefined` leaves it as it is. */
  readonly partitions?: Partitioning | undefined;
}

/**
 * Brings the schema up to date, inside a transaction. A schema that is up to date is only read. Of several processes one does it: the others
 * wait for it, not for the tables, and then find it done.
 *
 * @throws StoreSetupError when the schema is newer than this adapter knows, or is to be divided and is not; it has changed nothing.
 */
export async function applyMigrations(
  runner: SqlRunner,
  options: MigrateOptions,
): Promise<MigrationReport> {
  const isPending = (await listPending(runner)).length > 0;
  const applied = isPending ? await applyPending(runner, options) : [];
  if (options.partitions !== undefined) await divide(runner, options.partitions, options);
  return { applied, version: currentVersion };
}

async function applyPending(
  runner: SqlRunner,
  { lockTimeoutMs, partitions }: MigrateOptions,
): Promise<readonly string[]> {
  await runner.execute(takeTurn);
  const pending = await listPending(runner);
  if (pending.length === 0) return [];
  await runner.execute(limitLockWaits(lockTimeoutMs));
  // Not IF NOT EXISTS, which asks for the right to create schemas even where there is nothing to create.
  if (!(await hasSchema(runner))) await runner.execute(createSchema);
  const isPartitioned =
    pending.length === migrations.length
      ? partitions !== undefined
      : await readIsPartitioned(runner);
  for (const statement of statementsOf(pending, { isPartitioned })) await runner.execute(statement);
  return pending.map(({ version }) => version);
}

async function divide(
  runner: SqlRunner,
  partitions: Partitioning,
  { lockTimeoutMs }: MigrateOptions,
): Promise<void> {
  if (!(await readIsPartitioned(runner))) {
    throw new StoreSetupError(
      "The option partitions was given, and the job table that is there has none. Divide it first, as docs/postgres-partitioning.md says, or leave the option out.",
    );
  }
  await runner.ask(makePartitionsExpression, [
    runner.now,
    `${partitions.everyMs}`,
    `${partitions.ahead}`,
    `${lockTimeoutMs}`,
  ]);
}

/** Makes migrations of one schema take turns, until the transaction ends. We do not limit its wait: nobody waits behind it. */
export const takeTurn =
  "SELECT pg_advisory_xact_lock(hashtextextended('queuert: migration of {schema}', 0))::text";

export const createSchema = "CREATE SCHEMA {schema}";

export function limitLockWaits(lockTimeoutMs: number): string {
  return `SET LOCAL lock_timeout = ${lockTimeoutMs}`;
}

const createMigrationTable =
  "CREATE TABLE {migration} (version text NOT NULL PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())";

/** All that takes a schema through these steps, which end with the last one there is. */
export function statementsOf(
  pending: readonly Migration[],
  layout: SchemaLayout,
): readonly string[] {
  return [
    ...(pending.length === migrations.length ? [createMigrationTable] : []),
    ...pending.flatMap(({ statements }) => statements(layout)),
    ...functions,
    ...pending.map(({ version }) => `INSERT INTO {migration} (version) VALUES ('${version}')`),
  ];
}

/** Locks nothing, so that a process that starts waits for nobody. */
async function listPending(runner: SqlRunner): Promise<readonly Migration[]> {
  const present = await listVersions(runner);
  const newest = present.at(-1);
  if (newest !== undefined && newest > currentVersion) {
    throw new StoreSetupError(
      `The schema has version ${newest}, and this adapter knows no newer one than ${currentVersion}. Update @queuert/postgres before you migrate.`,
    );
  }
  return migrations.filter(({ version }) => !present.includes(version));
}

export async function listVersions(runner: SqlRunner): Promise<readonly string[]> {
  if ((await runner.ask(isThere("{=migration}"))) !== true) return [];
  return (
    (await runner.ask<readonly string[]>(
      'SELECT json_agg(version ORDER BY version COLLATE "C") FROM {migration}',
    )) ?? []
  );
}

async function hasSchema(runner: SqlRunner): Promise<boolean> {
  return (
    (await runner.ask(`EXISTS (SELECT FROM pg_namespace WHERE nspname = ${bare("{schema}")})`)) ===
    true
  );
}

/** Asked of the catalogue's tables: a cast to regclass would believe what the transaction knew before it waited for its turn. */
function isThere(table: string): string {
  return `EXISTS (SELECT FROM pg_class AS own JOIN pg_namespace AS home ON home.oid = own.relnamespace
    WHERE own.relname = ${bare(table)} AND home.nspname = ${bare("{schema}")})`;
}

/** A name as the catalogue has it. */
function bare(name: string): string {
  return `trim('"' FROM '${name}')`;
}

export async function readIsPartitioned(runner: SqlRunner): Promise<boolean> {
  return (
    (await runner.ask("(SELECT relkind = 'p' FROM pg_class WHERE oid = '{job}'::regclass)")) ===
    true
  );
}
