import type { PostgresProxy, TestServer } from "@queuert/testkit/postgres";
import type { Random } from "queuert/testing";

import type { ChaosDatabase } from "../databases/chaos-database.ts";
import type { OpenDatabase } from "../databases/open-location.ts";
import type { Fleet } from "../processes/fleet.ts";
import type { ChaosClient } from "../workload/job-types.ts";

/** What a fault may lay hands on. */
export interface FaultScope {
  readonly random: Random;
  readonly database: ChaosDatabase;
  readonly fleet: Fleet;
  /** The client that starts chains, in the process of the run, and its database. */
  readonly client: ChaosClient;
  readonly own: OpenDatabase;
  /** The ways to the server: one for each place in the fleet, then that of the client. Empty unless the scenario has a network. */
  readonly network: readonly PostgresProxy[];
  readonly server: TestServer | undefined;
  /** How long faults are still to happen. */
  leftMs(): number;
  /** Notes that a fault happened. */
  count(name: string, times?: number): void;
}

/** Something that goes wrong again and again. */
export interface Fault {
  /** The pause before each time: at least, and at most. */
  readonly everyMs: readonly [number, number];
  /** Lets it go wrong once. All is well again when it resolves. */
  strike(scope: FaultScope): Promise<void>;
}
