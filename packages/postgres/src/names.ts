import { StoreSetupError } from "queuert/adapter";

/** Where an installation keeps its tables and functions. */
export interface Naming {
  readonly schema: string;
  readonly tablePrefix: string;
}

/** Puts the installation's names into SQL text: `{job}` becomes `"queuert"."job"`, and `{=job_ready}`, the name of a new index, `"job_ready"`. */
export type NameObjects = (sql: string) => string;

/** PostgreSQL cuts names at 63 bytes without a word, and two installations would meet; the longest of ours is below 38. */
const schemaLengthMax = 63;
const tablePrefixLengthMax = 25;

const plainName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const plainPrefix = /^[A-Za-z0-9_]*$/;

/**
 * Makes the function that names an installation's objects. Names are quoted, so they keep their case, and contain nothing that quoting would
 * have to escape.
 *
 * @throws StoreSetupError for a schema or a prefix that cannot be (part of) a name.
 */
export function createNameObjects({ schema, tablePrefix }: Naming): NameObjects {
  if (!plainName.test(schema) || schema.length > schemaLengthMax) {
    throw new StoreSetupError(
      `The schema ${JSON.stringify(schema)} cannot be used. Give 1 to ${schemaLengthMax} letters, digits and underscores, the first no digit.`,
    );
  }
  if (!plainPrefix.test(tablePrefix) || tablePrefix.length > tablePrefixLengthMax) {
    throw new StoreSetupError(
      `The tablePrefix ${JSON.stringify(tablePrefix)} cannot be used. Give at most ${tablePrefixLengthMax} letters, digits and underscores.`,
    );
  }
  return (sql) =>
    sql.replaceAll(/\{(=?)(\w+)\}/g, (_, isBare: string, name: string) => {
      if (name === "schema") return `"${schema}"`;
      return isBare === "" ? `"${schema}"."${tablePrefix}${name}"` : `"${tablePrefix}${name}"`;
    });
}
