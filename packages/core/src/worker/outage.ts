import type { EventSink } from "../engine/event-sink.ts";
import type { Chance } from "../ports/chance.ts";
import type { Clock } from "../ports/clock.ts";

const backoffMs = { initial: 50, max: 5_000 };

/** Errors of the database: one event per outage, waits that grow with jitter, and one event when it is over. */
export class Outage {
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #events: EventSink;
  #beganAtMs: number | undefined;
  #failureCount = 0;

  constructor(clock: Clock, chance: Chance, events: EventSink) {
    this.#clock = clock;
    this.#chance = chance;
    this.#events = events;
  }

  get isOngoing(): boolean {
    return this.#beganAtMs !== undefined;
  }

  /** Notes a failed call, and says how long to wait before the next. */
  failed(workerId: string, error: unknown): number {
    if (this.#beganAtMs === undefined) {
      this.#beganAtMs = this.#clock.monotonicNow();
      this.#events.emit([{ name: "store.unavailable", workerId, error }]);
    }
    const full = Math.min(backoffMs.max, backoffMs.initial * 2 ** Math.min(this.#failureCount, 16));
    this.#failureCount++;
    return full * (0.5 + 0.5 * this.#chance.fraction());
  }

  succeeded(workerId: string): void {
    if (this.#beganAtMs === undefined) return;
    this.#events.emit([
      { name: "store.recovered", workerId, outageMs: this.#clock.monotonicNow() - this.#beganAtMs },
    ]);
    this.#beganAtMs = undefined;
    this.#failureCount = 0;
  }
}
