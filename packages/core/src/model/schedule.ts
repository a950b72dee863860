import { OptionInvalidError } from "../errors/value-errors.ts";

/** When a job may run at the earliest: at an instant, or some time after the database's now (P8). */
export type Schedule = { readonly at: Date } | { readonly delayMs: number };

/** The longest delay: 100 years. Beyond it a date in some database would overflow. */
export const delayMsMax: number = 100 * 365 * 86_400_000;

/** Turns the public options into a schedule; `undefined` = at once. Throws `OptionInvalidError`. */
export function resolveSchedule(options: {
  readonly scheduledAt?: Date | undefined;
  readonly delayMs?: number | undefined;
}): Schedule | undefined {
  const { scheduledAt, delayMs } = options;
  if (scheduledAt !== undefined && delayMs !== undefined) {
    throw new OptionInvalidError(`Both scheduledAt and delayMs are given. Give one of them.`, {
      option: "delayMs",
    });
  }
  if (scheduledAt !== undefined) {
    if (!(scheduledAt instanceof Date) || Number.isNaN(scheduledAt.getTime())) {
      throw new OptionInvalidError(`scheduledAt is no valid Date.`, { option: "scheduledAt" });
    }
    return { at: scheduledAt };
  }
  if (delayMs === undefined) return undefined;
  if (!Number.isFinite(delayMs) || delayMs < 0 || delayMs > delayMsMax) {
    throw new OptionInvalidError(
      `delayMs is ${delayMs}. Give a number of milliseconds from 0 to ${delayMsMax}.`,
      { option: "delayMs" },
    );
  }
  return { delayMs: Math.ceil(delayMs) };
}

/** The instant that a schedule names, for a store whose clock says `nowMs`. */
export function scheduledAtMs(schedule: Schedule | undefined, nowMs: number): number {
  if (schedule === undefined) return nowMs;
  return "at" in schedule ? schedule.at.getTime() : nowMs + schedule.delayMs;
}
