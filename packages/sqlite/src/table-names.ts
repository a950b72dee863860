import { StoreSetupError } from "queuert/adapter";

/** Names one installation's tables: `{job}` in a statement becomes the prefixed name. */
export type NameTables = (sql: string) => string;

const prefixPattern = /^[A-Za-z_][A-Za-z0-9_]{0,40}$/;

/** @throws StoreSetupError for a prefix that is no identifier, or one that SQLite keeps for itself. */
export function createNameTables(tablePrefix: string): NameTables {
  if (!prefixPattern.test(tablePrefix) || /^sqlite_/i.test(tablePrefix)) {
    throw new StoreSetupError(
      `The tablePrefix "${tablePrefix}" cannot begin a table name. Use up to 41 letters, digits and underscores, no digit first and not "sqlite_".`,
    );
  }
  return (sql) => sql.replaceAll(/\{(\w+)\}/g, (_, name: string) => `${tablePrefix}${name}`);
}
