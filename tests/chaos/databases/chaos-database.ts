import type { AdapterName, Location } from "./open-location.ts";
import type { Value } from "./sql.ts";

/** A database of one run, with the ledger's tables in it. */
export interface ChaosDatabase {
  readonly adapter: AdapterName;
  /** The way to it that no fault stands in. */
  readonly location: Location;
  /**
   * Reads on a connection of the run's own, `?` for each value, `{job}` for a table of Queuert. Waits for a database that is away, a minute at most.
   */
  query<TRow>(sql: string, values?: readonly Value[]): Promise<readonly TRow[]>;
  /** Runs statements in one transaction, on a connection of their own. */
  execute(statements: readonly string[]): Promise<void>;
  /** Says how to look at it, for a run that failed. */
  readonly howToLook: string;
  /** Removes it. */
  drop(): Promise<void>;
  /** Leaves it where it is. */
  close(): Promise<void>;
}
