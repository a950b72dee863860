import type { Clock, Timer } from "../ports/clock.ts";

/** One timer that rings at the earliest time asked for. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #timer: Timer | undefined;
  #atMs = Number.POSITIVE_INFINITY;
  #isEnded = false;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings no later than `delayMs` from now. */
  atLatest(delayMs: number): void {
    const atMs = this.#clock.monotonicNow() + Math.max(0, delayMs);
    if (this.#isEnded || atMs >= this.#atMs) return;
    this.#timer?.cancel();
    this.#atMs = atMs;
    this.#timer = this.#clock.schedule(delayMs, () => {
      this.#atMs = Number.POSITIVE_INFINITY;
      this.#timer = undefined;
      this.#ring();
    });
  }

  /** Rings no more, whoever asks: what is still under way when all ends may ask late, and a timer keeps the process alive. */
  end(): void {
    this.#isEnded = true;
    this.#timer?.cancel();
  }
}
