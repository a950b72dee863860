import { StoreSetupError } from "queuert/adapter";

import { createNameObjects } from "../names.ts";
import { resolvePartitions, type PartitionOptions } from "../partitions/partitioning.ts";
import { createSchema, statementsOf } from "./migrate.ts";
import { migrations } from "./migrations.ts";
import { printMakePartitions, printTransaction } from "./print-sql.ts";

/** Which migrations {@link printMigrations} prints, and for which installation. */
export interface PrintMigrationsOptions {
  /** Default "queuert". */
  readonly schema?: string;
  /** Default "". */
  readonly tablePrefix?: string;
  /** The version that the database has; what comes after it is printed. Without it everything is, and the schema is created where it is missing. */
  readonly from?: string;
  /** How the job table is divided, as in the state adapter's options. On an existing installation: whether it is. */
  readonly partitions?: PartitionOptions;
  /** Default 5,000. */
  readonly lockTimeoutMs?: number;
}

/**
 * Prints what `migrate` would run, for those whose database is changed by somebody else: plain SQL in one transaction, which notes the versions. Run twice,
 * it fails the second time and changes nothing. Empty when there is nothing after `from`.
 *
 * @throws StoreSetupError for a version that this adapter does not know, and for options that the state adapter would not take.
 */
export function printMigrations(options: PrintMigrationsOptions = {}): string {
  const { schema = "queuert", tablePrefix = "", from, lockTimeoutMs = 5_000 } = options;
  const partitions = options.partitions && resolvePartitions(options.partitions);
  const nameObjects = createNameObjects({ schema, tablePrefix });
  const pending = migrations.slice(countVersions(from));
  if (pending.length === 0) return "";
  return printTransaction(nameObjects, lockTimeoutMs, [
    ...(from === undefined ? [createSchema.replace("SCHEMA", "SCHEMA IF NOT EXISTS")] : []),
    ...statementsOf(pending, { isPartitioned: partitions !== undefined }),
    ...(partitions === undefined ? [] : [printMakePartitions(partitions, lockTimeoutMs)]),
  ]);
}

function countVersions(from: string | undefined): number {
  if (from === undefined) return 0;
  const place = migrations.findIndex(({ version }) => version === from);
  if (place >= 0) return place + 1;
  throw new StoreSetupError(
    `There is no version ${JSON.stringify(from)}. This adapter knows ${migrations.map(({ version }) => version).join(", ")}.`,
  );
}
