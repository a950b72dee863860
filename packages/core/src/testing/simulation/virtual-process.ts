import { countTimers, type CountedClock } from "../count-timers.ts";
import type { Random } from "./random.ts";
import type { SimulatedProcess } from "./simulated-system.ts";
import type { EventOwner, Simulator } from "./simulator.ts";

/**
 * A process as far as the engine can tell: a clock of its own, which may jump, and a life of its own. Running ⇄ paused → dead. Paused, nothing of
 * it goes on and all that happens to it comes afterwards, at once; dead, nothing of it goes on ever again, and nobody is told.
 */
export class VirtualProcess implements SimulatedProcess {
  readonly name: string;
  readonly random: Random;
  readonly clock: CountedClock;
  readonly #simulator: Simulator;
  readonly #deathListeners = new Set<() => void>();
  #state: EventOwner["state"] = "running";
  #skewMs: number;
  #postponed: (() => void)[] = [];

  constructor(simulator: Simulator, name: string, random: Random, skewMs: number) {
    this.name = name;
    this.random = random;
    this.#simulator = simulator;
    this.#skewMs = skewMs;
    this.clock = countTimers({
      now: () => simulator.nowMs + this.#skewMs,
      monotonicNow: () => simulator.nowMs - simulator.startedAtMs + 1,
      schedule: (delayMs, callback) => simulator.schedule(delayMs, callback, this),
      defer: (callback) => void simulator.schedule(0, callback, this),
    });
  }

  get state(): EventOwner["state"] {
    return this.#state;
  }

  postpone(callback: () => void): void {
    this.#postponed.push(callback);
  }

  pause(): void {
    if (this.#state === "running") this.#state = "paused";
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "running";
    for (const callback of this.#postponed.splice(0)) this.#simulator.schedule(0, callback, this);
  }

  crash(): void {
    if (this.#state === "dead") return;
    this.#state = "dead";
    this.#postponed = [];
    for (const listener of this.#deathListeners) listener();
    this.#deathListeners.clear();
  }

  /** Moves the process's clock, not its timers and not the database's clock. */
  jumpClock(byMs: number): void {
    this.#skewMs += byMs;
  }

  /** Calls `listener` when the process dies; the function given back forgets it. */
  onDeath(listener: () => void): () => void {
    this.#deathListeners.add(listener);
    return () => void this.#deathListeners.delete(listener);
  }
}
