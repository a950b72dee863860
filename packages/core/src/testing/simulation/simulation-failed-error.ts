import { QueuertError } from "../../errors/queuert-error.ts";
import type { SimulationPlan } from "./run-system.ts";

/** A simulation found something untrue. Its `cause` is what the invariant threw. */
export class SimulationFailedError extends QueuertError {
  static override readonly code = "SIMULATION_FAILED" as const;
  /** The name of what was untrue. */
  readonly invariant: string;
  /** The first seed that showed it. */
  readonly seed: number;
  /** The shortest plan that was found to show it: give it to `simulate` as `replay`. */
  readonly replay: SimulationPlan;
  /** What happened in the run of `replay`, line by line. */
  readonly story: readonly string[];

  constructor(fields: {
    readonly invariant: string;
    readonly seed: number;
    readonly replay: SimulationPlan;
    readonly story: readonly string[];
    readonly cause: unknown;
  }) {
    const { invariant, seed, replay, story, cause } = fields;
    super(
      SimulationFailedError.code,
      [
        `Seed ${seed} broke "${invariant}": ${cause instanceof Error ? cause.message : String(cause)}`,
        `To run the short form of it again, give simulate: replay: ${JSON.stringify(replay)}`,
        ...story.slice(-storyLineCount).map((line) => `  ${line}`),
      ].join("\n"),
      { cause },
    );
    this.name = "SimulationFailedError";
    this.invariant = invariant;
    this.seed = seed;
    this.replay = replay;
    this.story = story;
  }
}

/** As many as a person reads. */
const storyLineCount = 60;
