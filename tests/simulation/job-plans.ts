import { defineJobTypes, json, type JobTypes } from "queuert";
import type { Random } from "queuert/testing";

/** What every chain of a simulation starts and goes on with. */
export interface PlanInput {
  /** How often the chain may go on at most. */
  readonly hops: number;
  /** Kills the process of each handler that gets it. */
  readonly isPoison?: boolean;
  /** Lets the chain go on at once as long as it may, so that it can stay with one worker. */
  readonly isEager?: boolean;
}

/** What every job of a simulation ends with. */
export interface PlanOutput {
  /** The attempt that made it. */
  readonly token: string;
}

/** A job type, drawn at random. */
export interface JobPlan {
  readonly type: string;
  readonly isEntry: boolean;
  readonly continueWith: readonly string[];
  /** The type of the chains that it waits for, in two slots of any number; `undefined`: it waits for none. */
  readonly blockerType: string | undefined;
  readonly attemptCountMax: number;
  readonly backoffMs: number;
  readonly timeoutMs: number | undefined;
  readonly concurrency: number | undefined;
  /** How the handlers behave: weights. */
  readonly behaviours: Readonly<Record<Behaviour, number>>;
  readonly workMs: number;
}

/**
 * `return`: work, then an outcome. `commit`: work, then an outcome together with writes. `throw`, `unrecoverable`: work, then an error. `hang`: until the
 * signal. `ignoreSignal`: work far beyond it. `throwAfterCommit`, `forgetCommit`: a commit that nobody hears of. `reschedule`: later, uncounted.
 */
export type Behaviour =
  | "return"
  | "commit"
  | "throw"
  | "unrecoverable"
  | "hang"
  | "ignoreSignal"
  | "throwAfterCommit"
  | "forgetCommit"
  | "reschedule";

/** The slots of a type that waits for others. */
export const blockerSlots = ["first", "second"] as const;

/** Draws job types: branches, loops, fan-in. A type waits for chains of an entry type only. */
export function drawJobPlans(random: Random): readonly JobPlan[] {
  const names = Array.from({ length: random.between(2, 6) }, (_, index) => `type-${index}`);
  const entryCount = random.between(1, names.length);
  const entries = names.slice(0, entryCount);
  return names.map((type, index) => {
    const timeoutMs = random.isTrue(0.4) ? random.between(100, 8_000) : undefined;
    return {
      type,
      isEntry: index < entryCount,
      continueWith: names.filter(() => random.isTrue(0.4)),
      blockerType: random.isTrue(0.4) ? random.pick(entries) : undefined,
      attemptCountMax: random.between(1, 4),
      backoffMs: random.pick([0, 50, 1_000, 5_000]),
      timeoutMs,
      concurrency: random.isTrue(0.2) ? random.between(1, 2) : undefined,
      behaviours: {
        return: 10,
        commit: random.pick([0, 2, 10]),
        throw: random.pick([0, 1, 4]),
        unrecoverable: random.pick([0, 0, 1]),
        hang: timeoutMs === undefined ? 0 : 1,
        ignoreSignal: random.pick([0, 1]),
        throwAfterCommit: random.pick([0, 1]),
        forgetCommit: random.pick([0, 1]),
        reschedule: random.pick([0, 0, 1]),
      },
      workMs: random.pick([0, 5, 100, 2_000]),
    };
  });
}

export function defineJobTypesOf(plans: readonly JobPlan[]): JobTypes<unknown> {
  const definitions = plans.map(({ type, isEntry, continueWith, blockerType }) => [
    type,
    {
      ...(isEntry ? { entry: true } : {}),
      input: json<PlanInput>(),
      output: json<PlanOutput>(),
      ...(continueWith.length === 0 ? {} : { continueWith }),
      ...(blockerType === undefined
        ? {}
        : { blockers: Object.fromEntries(blockerSlots.map((slot) => [slot, [blockerType]])) }),
    },
  ]);
  const jobTypes: unknown = defineJobTypes(Object.fromEntries(definitions) as object);
  return jobTypes as JobTypes<unknown>;
}
