/** A timer that can be taken back. */
export interface Timer {
  cancel(): void;
}

/**
 * Time in the process, for waits and backstops. Never compared with times in the database (P8). All waiting of the engine goes through
 * it, so that a simulation can drive it.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds on a clock that never jumps. */
  monotonicNow(): number;
  /** Calls `callback` once after `delayMs`. `isBackground`: the process may end although it waits. */
  schedule(
    delayMs: number,
    callback: () => void,
    options?: { readonly isBackground?: boolean },
  ): Timer;
  /** Calls `callback` once when everything that can go on without waiting has gone on: what finishes in one turn is then known together. */
  defer(callback: () => void): void;
}

/** Platforms differ here, so neither is among the globals that core counts on. */
const platform = globalThis as unknown as {
  readonly setImmediate?: (callback: () => void) => unknown;
  readonly MessageChannel?: new () => {
    port1: { onmessage: (() => void) | null };
    port2: { postMessage(message: null): void };
  };
};

/** `setImmediate` where there is one; a message to itself in browsers, whose timers wait up to 4 ms. */
function deferToNextTurn(): (callback: () => void) => void {
  const { setImmediate, MessageChannel } = platform;
  if (setImmediate !== undefined) return (callback) => void setImmediate(callback);
  if (MessageChannel === undefined) return (callback) => void setTimeout(callback, 0);
  const waiting: (() => void)[] = [];
  const channel = new MessageChannel();
  channel.port1.onmessage = () => waiting.shift()?.();
  return (callback) => {
    waiting.push(callback);
    channel.port2.postMessage(null);
  };
}

const timerMsMax = 2_147_483_647;

/** The process's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicNow: () => performance.now(),
  schedule(delayMs, callback, options) {
    const handle = setTimeout(callback, Math.min(Math.max(0, delayMs), timerMsMax));
    // Node's timers keep the process alive unless told otherwise; a browser's are plain numbers.
    if (options?.isBackground === true) (handle as { unref?: () => void }).unref?.();
    return { cancel: () => clearTimeout(handle) };
  },
  defer: deferToNextTurn(),
};
