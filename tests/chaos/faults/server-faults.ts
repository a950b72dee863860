import assert from "node:assert/strict";

import { observerName } from "../databases/postgres-database.ts";
import type { Fault } from "./fault.ts";

/** The server goes down in the middle of everything, without writing down what it has, and recovers. */
export const restart: Fault = {
  everyMs: [1_500, 4_000],
  async strike({ server, count }) {
    assert(server !== undefined, "a server");
    await server.restart("immediate");
    count("immediate restart");
  },
};

/** The server ends connections in the middle of a statement, and now and then those that only listen. */
export const terminateBackends: Fault = {
  everyMs: [50, 400],
  async strike({ random, database, count }) {
    const victims = random.isTrue(0.2) ? "true" : "state <> 'idle'";
    const terminated = await database.query(
      `SELECT pg_terminate_backend(pid) FROM
         (SELECT pid FROM pg_stat_activity
          WHERE datname = current_database() AND ${victims} AND application_name <> '${observerName}'
          ORDER BY random() LIMIT ${random.between(1, 3)}) AS victim`,
    );
    count("backend terminated", terminated.length);
  },
};
