import { initialMigration } from "./001-initial.ts";

/** A step of the schema. Its version is its place in the list, written with three digits. */
export interface Migration {
  readonly version: string;
  /** SQL with `{table}` names. */
  readonly sql: string;
}

/** All steps, in order. A released step is never edited; a later one corrects it. */
export const migrations: readonly Migration[] = [{ version: "001", sql: initialMigration }];

/** The version that this adapter works with. */
export const currentVersion: string = migrations.at(-1)!.version;
