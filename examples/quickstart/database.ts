// One database for everything: the shop's own tables and the job chains. Every process opens it like this.
import type { NotifyAdapter, StateAdapter } from "queuert";

import { openPostgres } from "./database-postgres.ts";
import { openSqlite } from "./database-sqlite.ts";
import type { Transaction } from "./sql.ts";

export type { Transaction } from "./sql.ts";

export interface Database {
  readonly state: StateAdapter<Transaction>;
  /** Wake-ups between the processes. Without it everything would work as well, a poll later. */
  readonly notify: NotifyAdapter;
  close(): Promise<void>;
}

/** Opens the PostgreSQL database of a URL, or the SQLite file of a name. */
export function openDatabase(location: string): Database {
  return isPostgresUrl(location) ? openPostgres(location) : openSqlite(location);
}

export function isPostgresUrl(location: string): boolean {
  return /^postgres(ql)?:\/\//.test(location);
}

/** For people: where the database is, without a password. */
export function describeLocation(location: string): string {
  if (!isPostgresUrl(location)) return location;
  const url = new URL(location);
  url.password = "";
  return url.href;
}
