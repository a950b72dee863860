/** The most jobs to hold ahead, whatever the pace: it bounds what a dying process leaves to be reaped, and the size of an exchange. */
const aheadCountMax = 250;

/** The weight of the newest cycle. */
const newestWeight = 0.5;

/** Measures how many jobs this worker finishes in a ms, and says how many to hold ahead: bounded by time, not by count. */
export class Pace {
  #jobsPerMs = 0;
  #finishedCount = 0;
  #cycleStartMs: number | undefined;
  readonly #prefetchMs: number;

  constructor(prefetchMs: number) {
    this.#prefetchMs = prefetchMs;
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
    return Math.min(aheadCountMax, Math.floor(this.#jobsPerMs * this.#prefetchMs));
  }
}
