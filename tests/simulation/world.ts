import type { Client, EmittedEvent } from "queuert";
import type { StateAdapter } from "queuert/adapter";
import type { MemoryTransaction } from "queuert/testing";
import type { Checker } from "./checker.ts";
import type { Faults } from "./faults.ts";
import type { JobPlan } from "./job-plans.ts";
import type { Model } from "./model.ts";
import type { Random } from "./random.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { Simulator } from "./simulator.ts";

// Job types are drawn at random, so the compiler knows none of them.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyClient = Client<any, MemoryTransaction, object>;

/** A process with its client. */
export interface Node {
  readonly process: SimulatedProcess;
  readonly client: AnyClient;
  /** The process's own way to the database, for transactions that are opened without the client. */
  readonly state: StateAdapter<MemoryTransaction>;
}

/** What the parts of one run share. */
export interface World {
  readonly simulator: Simulator;
  readonly random: Random;
  readonly faults: Faults;
  readonly model: Model;
  readonly checker: Checker;
  readonly plans: readonly JobPlan[];
  /** The calls of `awaitChain` that have not come back. */
  readonly awaits: Set<{ readonly chainId: string }>;
  /** Writes a line of the trace. */
  readonly trace: (line: string) => void;
  /** True once faults are over: from then on, handlers do their work and nothing else. */
  isCalm: boolean;
}

/** Takes the events of a client: each must tell what has committed. */
export function createEventCheck(
  world: World,
  process: SimulatedProcess,
): (events: readonly EmittedEvent[]) => void {
  return (events) => {
    // What a process says while it dies is heard by nobody.
    if (process.state === "dead") return;
    for (const event of events) world.checker.note(() => world.model.news.tell(event));
  };
}
