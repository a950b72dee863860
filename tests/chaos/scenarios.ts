import type { AdapterName } from "./databases/open-location.ts";
import { disturbDisk } from "./faults/disk-faults.ts";
import type { Fault } from "./faults/fault.ts";
import { holdRoots, holdSnapshot } from "./faults/held-transactions.ts";
import { createNextMigration } from "./faults/migration-faults.ts";
import { disturbNetwork, loseStatement } from "./faults/network-faults.ts";
import { freeze, kill, replace } from "./faults/process-faults.ts";
import { restart, terminateBackends } from "./faults/server-faults.ts";

/** One kind of trouble, and the fleet that gets into it. */
export interface Scenario {
  readonly name: string;
  /** For the report. */
  readonly about: string;
  readonly adapters: readonly AdapterName[];
  readonly createFaults: () => readonly Fault[];
  /** Whether nothing happens to a process that lives: as long as it keeps its lease, it loses no attempt. */
  readonly isFairToTheLiving?: boolean;
  /** Default 3. */
  readonly memberCount?: number;
  /** The connections of the process in that place, on PostgreSQL. Default 5. */
  readonly poolSizeOf?: (place: number) => number;
  /** How far the clock of the process in that place is off. Default: not at all. */
  readonly clockSkewMsOf?: (place: number) => number;
  /** Whether each process has a network of its own to the server. */
  readonly hasNetwork?: boolean;
  /** Whether all processes find a database without tables, and migrate it at once. */
  readonly isEmpty?: boolean;
}

const both: readonly AdapterName[] = ["postgres", "sqlite"];
const hourMs = 3_600_000;

export const scenarios: readonly Scenario[] = [
  {
    name: "kill",
    about: "worker processes are killed with their hands full",
    adapters: both,
    isFairToTheLiving: true,
    createFaults: () => [kill],
  },
  {
    name: "freeze",
    about: "worker processes stand still beyond their leases, and go on",
    adapters: both,
    createFaults: () => [freeze],
  },
  {
    name: "restart",
    about: "the server crashes and recovers, every few seconds",
    adapters: ["postgres"],
    createFaults: () => [restart],
  },
  {
    name: "backends",
    about: "connections are ended by the server in the middle of a statement",
    adapters: ["postgres"],
    createFaults: () => [terminateBackends],
  },
  {
    name: "network",
    about:
      "connections are cut between a COMMIT and its reply, delayed, half open, black holes; processes die behind them",
    adapters: ["postgres"],
    createFaults: () => [loseStatement, disturbNetwork],
    hasNetwork: true,
  },
  {
    name: "pools",
    about: "ten slots share pools of one and two connections, and processes are killed",
    adapters: ["postgres"],
    isFairToTheLiving: true,
    createFaults: () => [kill],
    poolSizeOf: (place) => 1 + (place % 2),
  },
  {
    name: "held",
    about: "users keep transactions open that hold a snapshot, and the roots of chains at work",
    adapters: both,
    isFairToTheLiving: true,
    createFaults: () => [holdSnapshot, holdRoots, holdRoots],
  },
  {
    name: "clock",
    about:
      "the clocks of the processes are an hour ahead and an hour behind, and processes are killed",
    adapters: both,
    isFairToTheLiving: true,
    createFaults: () => [kill],
    clockSkewMsOf: (place) => [hourMs, -hourMs, 0][place % 3]!,
  },
  {
    name: "disk",
    about: "the disk is full, or does not take writes, for all processes at once",
    adapters: ["sqlite"],
    createFaults: () => [disturbDisk],
  },
  {
    name: "migration",
    about:
      "all processes migrate an empty database at once; then the schema moves on while they work, and deployments replace them",
    adapters: both,
    isFairToTheLiving: true,
    createFaults: () => [createNextMigration(), replace],
    isEmpty: true,
  },
];
