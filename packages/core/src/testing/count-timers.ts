import type { Clock, Timer } from "../ports/clock.ts";

/** A clock that goes by another one, and counts the timers that keep a process alive: those that wait, but for those in the background. */
export interface CountedClock extends Clock {
  readonly timerCount: number;
}

export function countTimers(clock: Clock): CountedClock {
  const waiting = new Set<object>();
  return {
    now: () => clock.now(),
    monotonicNow: () => clock.monotonicNow(),
    defer: (callback) => clock.defer(callback),
    schedule(delayMs, callback, options): Timer {
      if (options?.isBackground === true) return clock.schedule(delayMs, callback, options);
      const mark = {};
      waiting.add(mark);
      const timer = clock.schedule(delayMs, () => {
        waiting.delete(mark);
        callback();
      });
      return {
        cancel() {
          waiting.delete(mark);
          timer.cancel();
        },
      };
    },
    get timerCount() {
      return waiting.size;
    },
  };
}
