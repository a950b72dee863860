import type { Client } from "../../client/client-api.ts";
import type { MemoryTransaction } from "../../memory/sessions.ts";
import type { RetentionOptions } from "../../model/retention.ts";
import type { RetryPolicy } from "../../model/retry.ts";
import type { StateAdapter } from "../../ports/state-adapter.ts";
import type { EmittedEvent } from "../../ports/telemetry.ts";
import type { JobTypes } from "../../types/job-types.ts";
import type { Middleware } from "../../types/middleware.ts";
import type { Random } from "./random.ts";
import type { EventOwner } from "./simulator.ts";

/** A client of job types that the compiler does not know: a system says for itself what they are. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyClient = Client<any, MemoryTransaction, object>;

/** A process of a run. What is its own goes on only while it runs: its handlers wait by the world's `wait`, with it as their process. */
export interface SimulatedProcess extends EventOwner {
  readonly name: string;
  /** Follows from the seed and the name. */
  readonly random: Random;
  /** Ends it at once: nothing of it goes on ever again, and nobody is told. */
  crash(): void;
  /** Calls `listener` when it dies; the function given back forgets it. */
  onDeath(listener: () => void): () => void;
}

/** What the parts of one run share. */
export interface SimulatedWorld {
  readonly random: Random;
  /** The virtual time, in ms since the epoch. */
  readonly nowMs: () => number;
  /** The database's clock, which may be set. */
  readonly databaseNowMs: () => number;
  /** Resolves after so many ms; never, when the process dies before. */
  readonly wait: (ms: number, process?: SimulatedProcess) => Promise<void>;
  /** Lets a process call something outside. The call may be refused, its reply lost, and the process may die at it. */
  readonly call: <TResult>(
    process: SimulatedProcess,
    run: () => Promise<TResult>,
  ) => Promise<TResult>;
  /** Counts something that happened, to be told in the end. */
  readonly count: (name: string) => void;
  /** Writes a line of the trace. */
  readonly trace: (line: string) => void;
  /** Ends the run as failed, and names what was found untrue. The first failure counts. */
  readonly fail: (invariant: string, error: unknown) => void;
  readonly failure: SimulatedFailure | undefined;
  /** True once faults are over. */
  readonly isCalm: boolean;
}

/** What a run found untrue. */
export interface SimulatedFailure {
  readonly invariant: string;
  readonly error: unknown;
}

/** A process with its client. */
export interface SimulatedNode {
  readonly process: SimulatedProcess;
  readonly client: AnyClient;
  /** The process's own way to the database, for transactions that are opened without the client. */
  readonly state: StateAdapter<MemoryTransaction>;
}

/** How the workers of one place in the fleet are set up; its processes come and go. */
export interface SimulatedBerth {
  readonly name: string;
  readonly concurrency?: number | undefined;
  readonly retry?: RetryPolicy | undefined;
  readonly leaseMs: number;
  readonly pollIntervalMs: number;
  readonly prefetchMs: number;
  readonly stopTimeoutMs: number;
  readonly retention?: RetentionOptions | undefined;
  readonly retentionIntervalMs?: number | undefined;
  /** The handlers of a worker in this place. */
  readonly handlers: (node: SimulatedNode) => object;
}

/** What is simulated: who acts, on what, and what must be true. */
export interface SimulatedSystem {
  readonly jobTypes: JobTypes<unknown> | readonly JobTypes<unknown>[];
  readonly middleware?: readonly Middleware<unknown>[] | undefined;
  /** The database, as it is before anything goes wrong on the way to it. */
  readonly state: StateAdapter<MemoryTransaction>;
  readonly berths: readonly SimulatedBerth[];
  /** Takes the events of a process that lives. */
  readonly takeEvents: (events: readonly EmittedEvent[], process: SimulatedProcess) => void;
  /** Does what users do in one step, by a process of theirs. Chance comes from `random`, so that a step is the same whatever others are left out. */
  readonly act: (node: SimulatedNode, random: Random, step: number) => Promise<void>;
  /** Undoes, once faults are over, what would keep the system from coming to rest. */
  readonly calm: (node: SimulatedNode) => Promise<void>;
  /** Looks at what has become of an event; the next one waits for it. `undefined`: there is nothing to look at. */
  readonly afterEvent?: (() => Promise<void> | undefined) | undefined;
  /** Grows with every change in the database. */
  readonly changeCount: () => number;
  /** Whether nothing is left to happen, as far as the system waits for it. */
  readonly isAtRest: () => boolean;
  /** With faults over, no schedule, backoff, lease or poll takes longer: what has not moved for so long, never will. */
  readonly quietMs: number;
  /** Looks, at rest or after `quietMs` without a change, whether all has come to the end that it should. Fails the world otherwise. */
  readonly checkAtRest: () => Promise<void>;
}
