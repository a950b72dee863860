import { StoreSetupError } from "queuert/adapter";

import { printMakePartitions, printStatements, printTransaction } from "../migrations/print-sql.ts";
import { byTime, createDefaultPartition, jobIndexes } from "../migrations/tables.ts";
import { createNameObjects } from "../names.ts";
import { resolvePartitions, type PartitionOptions } from "./partitioning.ts";

/** Which installation {@link printPartitioning} divides, and how. */
export interface PrintPartitioningOptions {
  /** Default "queuert". */
  readonly schema?: string;
  /** Default "". */
  readonly tablePrefix?: string;
  readonly partitions: PartitionOptions;
  /**
   * Where the table that is there ends, as the first partition. In the future, and beyond the ids of all chains in it: run what is printed before it
   * comes. Moved to the next boundary of the partitions.
   */
  readonly until: Date;
  /** How long the second part waits for a lock, in ms. Default 5,000. */
  readonly lockTimeoutMs?: number;
}

/**
 * Prints SQL that divides the job table of an installation that is there: it becomes the first partition of a new table, and no row is moved. Workers
 * of the same schema version may go on. For an installation that is up to date and is not divided.
 *
 * The first part reads the table to the end and stops nobody. The second is one transaction that changes the catalogue only; it has to wait
 * for every transaction that has touched the table, and whoever comes meanwhile waits with it. Rights that were granted on the table have to be granted on the new one.
 *
 * @throws StoreSetupError for options that the state adapter would not take.
 */
export function printPartitioning(options: PrintPartitioningOptions): string {
  const { schema = "queuert", tablePrefix = "", until, lockTimeoutMs = 5_000 } = options;
  const partitions = resolvePartitions(options.partitions);
  const nameObjects = createNameObjects({ schema, tablePrefix });
  const bound = idAt(Math.ceil(until.getTime() / partitions.everyMs) * partitions.everyMs);
  return [
    printStatements(nameObjects, [
      `ALTER TABLE {job} ADD CONSTRAINT {=job_before_end} CHECK (chain_id < '${bound}') NOT VALID`,
      "ALTER TABLE {job} VALIDATE CONSTRAINT {=job_before_end}",
    ]),
    printTransaction(nameObjects, lockTimeoutMs, [
      "LOCK TABLE {job} IN ACCESS EXCLUSIVE MODE",
      "ALTER TABLE {job} RENAME TO {=job_before}",
      ...["job_pkey", ...jobIndexes.map(nameOfIndex)].map(
        (name) => `ALTER INDEX {${name}} RENAME TO {=${name}_before}`,
      ),
      // Alike to the names of its constraints, or it could not be attached.
      `CREATE TABLE {job} (LIKE {job_before} INCLUDING ALL EXCLUDING INDEXES) ${byTime}`,
      "ALTER TABLE {job} DROP CONSTRAINT {=job_before_end}, ADD PRIMARY KEY (chain_id, chain_index)",
      createDefaultPartition,
      ...jobIndexes,
      // The indexes of the old table become parts of the new ones, since they are alike.
      `ALTER TABLE {job} ATTACH PARTITION {job_before} FOR VALUES FROM (MINVALUE) TO ('${bound}')`,
      "ALTER TABLE {job_before} DROP CONSTRAINT {=job_before_end}",
      printMakePartitions(partitions, lockTimeoutMs),
    ]),
  ].join("\n");
}

function nameOfIndex(statement: string): string {
  return /\{=(\w+)\}/.exec(statement)![1]!;
}

/** The smallest id of a time. */
function idAt(timeMs: number): string {
  if (!Number.isFinite(timeMs) || timeMs < 0 || timeMs >= 2 ** 48) {
    throw new StoreSetupError("The time until which the first partition lasts is no valid Date.");
  }
  const time = timeMs.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
}
