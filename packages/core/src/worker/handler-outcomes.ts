import { HandlerOutcomeError } from "../errors/attempt-errors.ts";
import { resolveSchedule } from "../model/schedule.ts";
import type { Outcome } from "../ports/state-adapter.ts";
import { completedOutcome, continuedOutcome } from "../engine/job-outcomes.ts";
import type { JobGiven } from "../engine/new-jobs.ts";
import type { MergedJobTypes } from "../types/merge-job-types.ts";
import {
  outcomeKey,
  type Continuation,
  type Rescheduled,
  type Settled,
} from "../types/outcomes.ts";

interface RescheduleGiven {
  readonly delayMs?: number | undefined;
  readonly at?: Date | undefined;
}

/** What was given to `continueWith` and `reschedule`: pure values, read when they are returned. */
const continuationsGiven = new WeakMap<object, JobGiven>();
const reschedulesGiven = new WeakMap<object, RescheduleGiven>();

export function createContinuation(given: JobGiven): Continuation<string> {
  const continuation: Continuation<string> = Object.freeze({
    [outcomeKey]: "continued" as const,
    type: given.type,
  });
  continuationsGiven.set(continuation, given);
  return continuation;
}

export function createRescheduled(given: RescheduleGiven): Rescheduled {
  const rescheduled: Rescheduled = Object.freeze({ [outcomeKey]: "rescheduled" as const });
  reschedulesGiven.set(rescheduled, given);
  return rescheduled;
}

export const settled: Settled = Object.freeze({ [outcomeKey]: "settled" as const });

/** Whether a handler returned what `commit` gave it. */
export function isSettled(returned: unknown): boolean {
  return (
    typeof returned === "object" &&
    returned !== null &&
    (returned as { [outcomeKey]?: unknown })[outcomeKey] === "settled"
  );
}

/**
 * Turns what a handler, or its `commit`, returned into an outcome: checked against the definition, by the schema and for JSON.
 * Throws `HandlerOutcomeError`, `ValueInvalidError`, `ValueNotJsonError`, `JobTypeUnknownError`, `OptionInvalidError`.
 */
export async function toOutcome(
  jobTypes: MergedJobTypes,
  job: { readonly chainId: string; readonly type: string },
  returned: unknown,
  maySettleSticky: (nextType: string) => boolean,
): Promise<Outcome> {
  const typeName = job.type;
  const kind =
    typeof returned === "object" && returned !== null
      ? (returned as { [outcomeKey]?: unknown })[outcomeKey]
      : undefined;
  if (kind === "continued") {
    const given = continuationsGiven.get(returned as object)!;
    const outcome = await continuedOutcome(jobTypes, job, given);
    return { ...outcome, isSticky: maySettleSticky(given.type) };
  }
  if (kind === "rescheduled") {
    const { at, delayMs } = reschedulesGiven.get(returned as object)!;
    return {
      kind: "rescheduled",
      schedule: resolveSchedule({ scheduledAt: at, delayMs }) ?? { delayMs: 0 },
    };
  }
  if (kind === "settled") {
    throw new HandlerOutcomeError(
      `The handler of "${typeName}" returned the result of a commit inside a commit. Return an output or a continuation there.`,
      { typeName },
    );
  }
  return completedOutcome(jobTypes, typeName, returned);
}
