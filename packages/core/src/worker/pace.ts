/** The weight of the newest cycle. */
const newestWeight = 0.5;

/** Measures how many jobs this worker finishes in a ms, and says how many to hold ahead: bounded by time, not by count. */
export class Pace {
  #jobsPerMs = 0;
  #finishedCount = 0;
  #cycleStartMs: number | undefined;
  readonly #prefetchMs: number;
  /** Bounds what a dying process leaves to be reaped, whatever the pace. */
  readonly #aheadCountMax: number;

  /** Two exchanges' worth may be held, so that one runs while the database is at the other. */
  constructor(prefetchMs: number, exchangeSizeMax: number) {
    this.#prefetchMs = prefetchMs;
    this.#aheadCountMax = 2 * exchangeSizeMax;
  }

  jobFinished(): void {
    this.#finishedCount++;
  }

  /** Ends a cycle, from one exchange's return to the next one's. `isBusy`: work goes on, so the next cycle counts. */
  endCycle(nowMs: number, isBusy: boolean): void {
    if (this.#cycleStartMs !== undefined && nowMs > this.#cycleStartMs) {
      const measured = this.#finishedCount / (nowMs - this.#cycleStartMs);
      this.#jobsPerMs =
        this.#jobsPerMs === 0
          ? measured
          : this.#jobsPerMs * (1 - newestWeight) + measured * newestWeight;
    }
    this.#finishedCount = 0;
    this.#cycleStartMs = isBusy ? nowMs : undefined;
  }

  /** How many jobs make up the time to hold ahead. */
  get aheadCount(): number {
    return Math.min(this.#aheadCountMax, Math.floor(this.#jobsPerMs * this.#prefetchMs));
  }
}
