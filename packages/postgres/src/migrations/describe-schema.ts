import type { SqlRunner } from "../connections/store.ts";

/** The parts of a schema by what they are called ("index job_ready"), each with its definition. */
export type SchemaDescription = ReadonlyMap<string, string>;

/** What belongs to an installation. */
export interface SchemaNames {
  /** As our statements write it, with its quotes. */
  readonly quotedSchema: string;
  readonly tables: readonly string[];
  readonly functions: readonly string[];
}

/**
 * Reads what the catalogue says of an installation's tables and functions, in words that are the same in every schema. Partitions come and go, and
 * have what their table has: of the default one only its own columns and settings are listed, of the others nothing.
 *
 * `namespace` is an expression for the oid of the schema.
 */
export async function describeSchema(
  runner: Pick<SqlRunner, "ask">,
  namespace: string,
  { quotedSchema, tables, functions }: SchemaNames,
): Promise<SchemaDescription> {
  const parts = await runner.ask<readonly (readonly [name: string, definition: string])[]>(
    `SELECT json_agg(json_build_array(part.name, part.definition)) FROM (${listParts(namespace)}) AS part`,
    [quotedSchema, JSON.stringify(tables), JSON.stringify(functions)],
  );
  return new Map(parts ?? []);
}

const listParts = (namespace: string): string => `
  WITH given AS (
    SELECT $1::text AS quoted_schema, $2::text::json AS tables, $3::text::json AS functions),
  own AS (
    SELECT relation.oid, relation.relname, relation.relkind, relation.relispartition, relation.reloptions
    FROM given, pg_class AS relation
    WHERE relation.relnamespace = ${namespace} AND relation.relkind IN ('r', 'p')
      AND relation.relname IN (SELECT json_array_elements_text(given.tables)))
  SELECT 'table ' || own.relname AS name, concat_ws(' ', CASE WHEN own.relkind = 'p' THEN pg_get_partkeydef(own.oid) END,
    (SELECT string_agg(option, ', ' ORDER BY option) FROM unnest(own.reloptions) AS settings (option))) AS definition
  FROM own
  UNION ALL
  SELECT 'column ' || own.relname || '.' || attribute.attname, concat_ws(' ', format_type(attribute.atttypid, attribute.atttypmod),
    CASE WHEN attribute.attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(preset.adbin, preset.adrelid))
  FROM own JOIN pg_attribute AS attribute ON attribute.attrelid = own.oid
  LEFT JOIN pg_attrdef AS preset ON preset.adrelid = own.oid AND preset.adnum = attribute.attnum
  WHERE attribute.attnum > 0 AND NOT attribute.attisdropped
  UNION ALL
  SELECT 'constraint ' || rule.conname, own.relname || ': ' || pg_get_constraintdef(rule.oid)
  FROM own JOIN pg_constraint AS rule ON rule.conrelid = own.oid WHERE rule.contype <> 'n' AND NOT own.relispartition
  UNION ALL
  SELECT 'index ' || relation.relname, concat_ws(' ', own.relname, CASE WHEN part.indisunique THEN 'UNIQUE' END,
    substring(pg_get_indexdef(part.indexrelid) FROM 'USING .*'), CASE WHEN NOT part.indisvalid THEN 'INVALID' END)
  FROM own JOIN pg_index AS part ON part.indrelid = own.oid JOIN pg_class AS relation ON relation.oid = part.indexrelid
  WHERE NOT relation.relispartition
  UNION ALL
  SELECT 'trigger ' || trigger.tgname, own.relname FROM own JOIN pg_trigger AS trigger ON trigger.tgrelid = own.oid WHERE NOT trigger.tgisinternal
  UNION ALL
  SELECT 'function ' || routine.proname, string_agg(concat_ws(' ', '(' || pg_get_function_arguments(routine.oid) || ')', 'RETURNS',
    pg_get_function_result(routine.oid), array_to_string(routine.proconfig, ', '), CASE WHEN routine.prosecdef THEN 'SECURITY DEFINER' END,
    'body', md5(replace(routine.prosrc, given.quoted_schema, ''))), '; ' ORDER BY routine.oid)
  FROM given, pg_proc AS routine
  WHERE routine.pronamespace = ${namespace} AND routine.proname IN (SELECT json_array_elements_text(given.functions))
  GROUP BY routine.proname`;
