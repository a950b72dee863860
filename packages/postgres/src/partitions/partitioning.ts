import { StoreSetupError } from "queuert/adapter";

/** How the job table is divided by the time at which chains were started. */
export interface PartitionOptions {
  /** How much time a partition spans, in ms: a whole number of hours, up to 366 days. A change is for the partitions that are made later. */
  readonly everyMs: number;
  /** How many partitions are there ahead of the current one, 1 to 100. Default 3. */
  readonly ahead?: number;
}

/** Options with their defaults. */
export type Partitioning = Required<PartitionOptions>;

const hourMs = 3_600_000;
const everyMsMax = 366 * 24 * hourMs;
const aheadMax = 100;

/** Throws StoreSetupError for values that no partitions could be made by. */
export function resolvePartitions({ everyMs, ahead = 3 }: PartitionOptions): Partitioning {
  if (!Number.isInteger(everyMs / hourMs) || everyMs < hourMs || everyMs > everyMsMax) {
    throw new StoreSetupError(
      `partitions.everyMs is ${everyMs}. Give a whole number of hours in ms, from ${hourMs} to ${everyMsMax}.`,
    );
  }
  if (!Number.isInteger(ahead) || ahead < 1 || ahead > aheadMax) {
    throw new StoreSetupError(
      `partitions.ahead is ${ahead}. Give a whole number from 1 to ${aheadMax}.`,
    );
  }
  return { everyMs, ahead };
}

/** Answers [names of the partitions made, whether it has to be tried again]; NULL where the table has none. */
export const makePartitionsExpression =
  "{make_partitions}($1::text::timestamptz, $2::text::bigint, $3::text::integer, $4::text::integer)";
