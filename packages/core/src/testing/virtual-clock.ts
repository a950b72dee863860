import { LifecycleError } from "../errors/machine-errors.ts";
import { OptionInvalidError } from "../errors/value-errors.ts";
import { systemClock, type Clock, type Timer } from "../ports/clock.ts";

/** A clock that stands still until it is told to move. Made by {@link createVirtualClock}. */
export interface VirtualClock extends Clock {
  /**
   * Moves time on by `ms`, or to an instant, and fires the timers on the way: in the order of their times, those of one time in the order in
   * which they were set. Before the first and after each, it waits until everything has gone on that can without time (see `idle`). A
   * timer that is set on the way fires, too, when its time is in reach.
   *
   * @throws OptionInvalidError for a time that lies behind. LifecycleError when time is being moved already.
   */
  advance(to: number | { readonly to: Date }): Promise<void>;

  /**
   * Resolves when nothing goes on any more without time: no deferred call waits, and for several turns of the event loop nothing was deferred
   * and no timer was set. What waits for something outside, a file or a socket, is not seen.
   */
  idle(): Promise<void>;
}

/** The options of {@link createVirtualClock}. */
export interface VirtualClockOptions {
  /** The instant to begin at. Default: 2025-01-01T00:00:00Z. */
  readonly startAt?: Date | undefined;
}

interface VirtualTimer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** Turns of the event loop without a sign of life, until all counts as idle. Promises need none; a handler's own `setImmediate` takes one. */
const quietTurnCount = 4;

const defaultStart = new Date("2025-01-01T00:00:00.000Z");

/** Makes a clock for tests. Time stands still between calls of `advance`; deferred calls take a real turn of the event loop. */
export function createVirtualClock(options: VirtualClockOptions = {}): VirtualClock {
  let nowMs = instantMs(options.startAt ?? defaultStart, "startAt");
  // In the order in which they were set, so that the first of the earliest is the next.
  const timers = new Set<VirtualTimer>();
  let deferredCount = 0;
  let activityCount = 0;
  let isAdvancing = false;

  const nextTimer = (untilMs: number): VirtualTimer | undefined => {
    let next: VirtualTimer | undefined;
    for (const timer of timers) {
      if (timer.atMs <= untilMs && (next === undefined || timer.atMs < next.atMs)) next = timer;
    }
    return next;
  };

  const idle = async (): Promise<void> => {
    for (let quietCount = 0, seenCount = activityCount; quietCount < quietTurnCount;) {
      await new Promise<void>((resolve) => systemClock.defer(resolve));
      const isQuiet = deferredCount === 0 && activityCount === seenCount;
      quietCount = isQuiet ? quietCount + 1 : 0;
      seenCount = activityCount;
    }
  };

  const moveTo = async (untilMs: number): Promise<void> => {
    await idle();
    for (let timer = nextTimer(untilMs); timer !== undefined; timer = nextTimer(untilMs)) {
      timers.delete(timer);
      nowMs = Math.max(nowMs, timer.atMs);
      timer.callback();
      await idle();
    }
    nowMs = untilMs;
  };

  return {
    now: () => nowMs,
    monotonicNow: () => nowMs,
    schedule(delayMs, callback): Timer {
      // Whole ms, as platforms' clocks have them: ids are made of them.
      const timer: VirtualTimer = { atMs: nowMs + Math.max(0, Math.ceil(delayMs)), callback };
      timers.add(timer);
      activityCount++;
      return { cancel: () => void timers.delete(timer) };
    },
    defer(callback) {
      deferredCount++;
      activityCount++;
      systemClock.defer(() => {
        deferredCount--;
        callback();
      });
    },
    idle,
    async advance(to) {
      if (isAdvancing)
        throw new LifecycleError("Time is being moved already. Await one advance before the next.");
      const untilMs = typeof to === "number" ? nowMs + Math.ceil(to) : instantMs(to.to, "to");
      if (!(untilMs >= nowMs))
        throw new OptionInvalidError(
          `Time cannot go back from ${new Date(nowMs).toISOString()}. Give a later time.`,
          { option: "to" },
        );
      isAdvancing = true;
      try {
        await moveTo(untilMs);
      } finally {
        isAdvancing = false;
      }
    },
  };
}

function instantMs(instant: Date, option: string): number {
  const ms = instant.getTime();
  if (Number.isNaN(ms)) throw new OptionInvalidError(`${option} is no valid Date.`, { option });
  return ms;
}
