import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { SqlRunner } from "../connections/store.ts";
import { describeSchema } from "./describe-schema.ts";
import { createTestInstallation, type TestInstallation } from "./installation.fixture.ts";
import { printMigrations } from "./print-migrations.ts";

let installation: TestInstallation;
beforeEach(async () => {
  installation = await createTestInstallation();
});
afterEach(async () => installation.dispose());

const daily = { everyMs: 86_400_000 };

it("the tables are those of schema.txt, which shows what a change of the migrations does", async () => {
  await installation.openMigrated();
  const { pool, schema } = installation;
  const tables = await installation.query(
    "SELECT relname::text FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r'",
    schema,
  );
  const runner: Pick<SqlRunner, "ask"> = {
    async ask<TAnswer>(expression: string, values: readonly (string | null)[] = []) {
      const { rows } = await pool.query<{ answer: TAnswer }>(`SELECT (${expression}) AS answer`, [
        ...values,
      ]);
      return rows[0]?.answer;
    },
  };
  const description = await describeSchema(runner, `'${schema}'::regnamespace`, {
    quotedSchema: `"${schema}"`,
    tables: tables as readonly string[],
    functions: [],
  });
  const lines = [...description].map(([part, definition]) => `${part}: ${definition}`).toSorted();
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("schema.txt");
});

describe("checkSchema", () => {
  it.each([
    { name: "migrate", options: {} },
    { name: "migrate with a prefix that needs quotes", options: { tablePrefix: "App_" } },
    { name: "migrate with partitions", options: { partitions: daily } },
  ])("finds nothing after $name", async ({ options }) => {
    const state = await installation.openMigrated(options);
    expect(await state.checkSchema()).toEqual([]);
    // It has left nothing behind on the connection either.
    expect(await state.checkSchema()).toEqual([]);
  });

  it.each([
    { name: "plain", options: {} },
    { name: "prefixed", options: { tablePrefix: "App_" } },
    { name: "divided", options: { partitions: daily } },
  ])("finds nothing after the printed SQL was run, $name", async ({ options }) => {
    await installation.query(printMigrations({ schema: installation.schema, ...options }));
    const state = installation.open(options);
    expect(await state.migrate()).toMatchObject({ applied: [] });
    expect(await state.checkSchema()).toEqual([]);
  });

  it("the printed SQL changes nothing when it is run again", async () => {
    const sql = printMigrations({ schema: installation.schema });
    await installation.query(sql);
    await expect(installation.query(sql)).rejects.toMatchObject({ code: "42P07" });
    await installation.query("ROLLBACK");
    expect(await installation.open().checkSchema()).toEqual([]);
  });

  it("says that nothing is there", async () => {
    expect(await installation.open().checkSchema()).toMatchObject([
      { part: "version", kind: "missing" },
    ]);
  });

  it.each([
    {
      change: "DROP INDEX {schema}.job_ready",
      found: [{ part: "index job_ready", kind: "missing" }],
    },
    {
      change:
        "DROP INDEX {schema}.job_due; CREATE INDEX job_due ON {schema}.job (scheduled_at DESC) WHERE status = 'scheduled'",
      found: [{ part: "index job_due", kind: "changed" }],
    },
    {
      change: "CREATE INDEX slow ON {schema}.job (completed_at)",
      found: [{ part: "index slow", kind: "unexpected" }],
    },
    {
      change: "ALTER TABLE {schema}.job ALTER COLUMN claim_no TYPE bigint",
      found: [
        {
          part: "column job.claim_no",
          kind: "changed",
          expected: "integer NOT NULL DEFAULT 0",
          found: "bigint NOT NULL DEFAULT 0",
        },
      ],
    },
    {
      change: "ALTER TABLE {schema}.worker DROP COLUMN types, ADD COLUMN tags text",
      found: [
        { part: "column worker.tags", kind: "unexpected" },
        { part: "column worker.types", kind: "missing" },
      ],
    },
    {
      change: "ALTER TABLE {schema}.attempt_failure DROP CONSTRAINT attempt_failure_outcome_check",
      found: [{ part: "constraint attempt_failure_outcome_check", kind: "missing" }],
    },
    {
      change: "ALTER TABLE {schema}.worker RESET (fillfactor)",
      found: [{ part: "table worker", kind: "changed" }],
    },
    {
      change:
        "CREATE FUNCTION {schema}.audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER audit BEFORE UPDATE ON {schema}.job FOR EACH ROW EXECUTE FUNCTION {schema}.audit()",
      found: [{ part: "trigger audit", kind: "unexpected" }],
    },
    {
      change:
        "CREATE OR REPLACE FUNCTION {schema}.trim_failures(p_chain_id uuid, p_chain_index integer) RETURNS void LANGUAGE plpgsql AS 'BEGIN END'",
      found: [{ part: "function trim_failures", kind: "changed" }],
    },
    {
      change: "DROP TABLE {schema}.job_type",
      found: [
        "column job_type.is_paused",
        "column job_type.type",
        "constraint job_type_pkey",
        "index job_type_pkey",
        "table job_type",
      ].map((part) => ({ part, kind: "missing" })),
    },
  ])("names what was changed: $change", async ({ change, found }) => {
    const state = await installation.openMigrated();
    await installation.query(change.replaceAll("{schema}", installation.schema));
    const differences = await state.checkSchema();
    expect(differences).toHaveLength(found.length);
    expect(differences).toMatchObject(found);
  });
});
