import { StoreSetupError } from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import { makePartitions } from "./maintain-partitions.ts";
import type { Partitioning } from "./partitioning.ts";

/** How often to look whether a partition is missing; there are always some ahead. */
const intervalMs = 60_000;
/** Everybody waits as long as making a partition waits for its lock. */
const lockTimeoutMs = 100;

/** Makes partitions ahead on the beat of the workers, so that none is missing while any of them lives (trap C15). */
export interface PartitionKeeper {
  /** Looks once in a while. A role that may not create tables leaves it to others: rows without a partition go to the default one. */
  keep(run: (work: (session: Session) => Promise<unknown>) => Promise<unknown>): Promise<void>;
}

export function createPartitionKeeper(
  partitioning: Partitioning | undefined,
  now: () => number = () => performance.now(),
): PartitionKeeper {
  let nextAt = now();
  return {
    async keep(run) {
      if (partitioning === undefined || now() < nextAt) return;
      nextAt = now() + intervalMs;
      try {
        await run((session) => makePartitions(session, partitioning, lockTimeoutMs));
      } catch (error) {
        if (!(error instanceof StoreSetupError)) throw error;
      }
    },
  };
}
