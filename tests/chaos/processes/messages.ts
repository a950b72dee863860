import type { DiskState, Location } from "../databases/open-location.ts";

/** How a worker process is set up. */
export interface WorkerSettings {
  readonly location: Location;
  readonly name: string;
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly pollIntervalMs: number;
  /** Without wake-ups, it polls. */
  readonly hasNotify: boolean;
  /** How far its clock is off. */
  readonly clockSkewMs: number;
  /** Whether it brings the schema up to date before it starts. */
  readonly isMigrating: boolean;
}

/** What a run tells a worker process. */
export type RunMessage =
  | { readonly kind: "stop" }
  | { readonly kind: "disk"; readonly disk: DiskState };

/** What a worker process tells its run. */
export type WorkerMessage =
  | { readonly kind: "started" }
  /** Events since the last message, by name. */
  | { readonly kind: "seen"; readonly counts: Readonly<Record<string, number>> }
  /** An attempt ended by an error that no fault and no plan explains. */
  | { readonly kind: "surprise"; readonly text: string };
