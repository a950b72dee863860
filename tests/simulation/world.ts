import type { SimulatedWorld } from "queuert/testing";
import type { Checker } from "./checker.ts";
import type { JobPlan } from "./job-plans.ts";
import type { Model } from "./model.ts";

/** What the parts of one run share. */
export interface World {
  readonly run: SimulatedWorld;
  readonly model: Model;
  readonly checker: Checker;
  readonly plans: readonly JobPlan[];
  /** The share of chains that go on at once as long as they may. */
  readonly eagerShare: number;
  /** The calls of `awaitChain` that have not come back. */
  readonly awaits: Set<Await>;
}

/** Somebody waits for a chain to close. */
export interface Await {
  readonly chainId: string;
  /** The process that waits. */
  readonly process: { readonly state: string };
}
