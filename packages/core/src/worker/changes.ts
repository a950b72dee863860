import type { Clock } from "../ports/clock.ts";

/** Lets others wait until something has become true, without looking all the time. */
export class Changes {
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Resolves when `isTrue` at a change, or after `timeoutMs`. */
  async until(isTrue: () => boolean, timeoutMs: number = Number.POSITIVE_INFINITY): Promise<void> {
    if (isTrue() || timeoutMs <= 0) return;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        timer?.cancel();
        this.#listeners.delete(listener);
        resolve();
      };
      const listener = (): void => {
        if (isTrue()) finish();
      };
      const timer =
        timeoutMs === Number.POSITIVE_INFINITY
          ? undefined
          : this.#clock.schedule(timeoutMs, finish);
      this.#listeners.add(listener);
    });
  }
}
