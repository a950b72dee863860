import { tables, type SchemaLayout } from "./tables.ts";

/** A step of the schema. Its version is its place in the list, written with three digits. */
export interface Migration {
  readonly version: string;
  /** What the step does to the tables: one statement each, with `{table}` names. */
  readonly statements: (layout: SchemaLayout) => readonly string[];
}

/**
 * All steps, in order. A released step is never edited; a later one corrects it. Workers of the version before go on while a step is made
 * and after it, so a step adds and does not take away: columns with defaults, tables, indexes. What nobody of the version before uses any more
 * is dropped by the version after.
 *
 * Functions are no steps: after the steps, all of them are put in place as the source has them (`functions.ts`). So one whose body changes needs
 * a step as well, with no statements if need be, for its version. One whose parameters or whose answer change gets a new name, and the old one
 * stays for a version.
 */
export const migrations: readonly Migration[] = [{ version: "001", statements: tables }];

/** The version that this adapter works with. */
export const currentVersion: string = migrations.at(-1)!.version;
