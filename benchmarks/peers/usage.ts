import pg from "pg";

import { monotonicMs } from "./ledger.ts";
import type { Usage } from "./messages.ts";

/**
 * Counts what this process sends to PostgreSQL, and its CPU. All systems use the same driver, so that each call of a client's
 * `query` is a round trip.
 */
export function createUsageMeter(): { read(): Usage } {
  let statements = 0;
  const prototype = pg.Client.prototype as { query: (...values: unknown[]) => unknown };
  const { query } = prototype;
  prototype.query = function countingQuery(this: unknown, ...values: unknown[]): unknown {
    statements++;
    return query.apply(this, values);
  };
  const cpuBefore = process.cpuUsage();
  return {
    read() {
      const { user, system } = process.cpuUsage(cpuBefore);
      return {
        atMs: monotonicMs(),
        statements,
        cpuMicroseconds: user + system,
        residentBytes: process.memoryUsage.rss(),
      };
    },
  };
}
