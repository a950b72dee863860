import { systemClock, type Timer } from "../../ports/clock.ts";

/** Whose event it is: it is put off while its owner is paused, and never comes once its owner is dead. */
export interface EventOwner {
  readonly state: "running" | "paused" | "dead";
  postpone(callback: () => void): void;
}

interface SimulatedEvent {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
  readonly owner: EventOwner | undefined;
  isCancelled: boolean;
}

/** Why a run of events ended: the condition came true, time or the number of events was used up, or nothing was left to happen. */
export type RunEnd = "done" | "time" | "events" | "empty";

/**
 * One queue of events under one virtual time drives everything: timers, messages to and from the database, wake-ups, faults. After each
 * event, everything goes on that can without another one; so the order of events decides all, and the seed decides the order.
 */
export class Simulator {
  readonly startedAtMs: number = Date.UTC(2025, 0, 1);
  #nowMs = this.startedAtMs;
  #order = 0;
  #eventCount = 0;
  /** A binary heap, the next event first. */
  readonly #queue: SimulatedEvent[] = [];
  readonly #afterEvent: (eventCount: number) => Promise<void> | undefined;

  /** `afterEvent` is called when all has gone on that an event let go on; the next one waits for it. */
  constructor(afterEvent: (eventCount: number) => Promise<void> | undefined = () => undefined) {
    this.#afterEvent = afterEvent;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  /** Calls `callback` after `delayMs`, rounded up as timers do, as its owner's. Events of one time keep the order in which they were scheduled. */
  schedule(delayMs: number, callback: () => void, owner?: EventOwner): Timer {
    const event: SimulatedEvent = {
      atMs: this.#nowMs + Math.max(0, Math.ceil(delayMs)),
      order: this.#order++,
      callback,
      owner,
      isCancelled: false,
    };
    this.#push(event);
    return {
      cancel: () => {
        event.isCancelled = true;
      },
    };
  }

  /** Resolves after `delayMs`; never, when its owner dies before. */
  wait(delayMs: number, owner?: EventOwner): Promise<void> {
    return new Promise((resolve) => void this.schedule(delayMs, resolve, owner));
  }

  /** Lets events happen until `isDone`. */
  async run(
    isDone: () => boolean,
    limits: { readonly untilMs: number; readonly eventCountMax: number },
  ): Promise<RunEnd> {
    await eventLoopTurn();
    while (!isDone()) {
      const event = this.#pop();
      if (event === undefined) return "empty";
      if (event.isCancelled || event.owner?.state === "dead") continue;
      if (event.atMs > limits.untilMs) {
        this.#push(event);
        this.#nowMs = limits.untilMs;
        return "time";
      }
      if (this.#eventCount >= limits.eventCountMax) return "events";
      this.#nowMs = Math.max(this.#nowMs, event.atMs);
      if (event.owner?.state === "paused") {
        event.owner.postpone(event.callback);
        continue;
      }
      this.#eventCount++;
      event.callback();
      // All promises go on before the next turn of the event loop; nothing in a simulation waits for anything real.
      await eventLoopTurn();
      const looking = this.#afterEvent(this.#eventCount);
      if (looking !== undefined) await looking;
    }
    return "done";
  }

  #push(event: SimulatedEvent): void {
    const queue = this.#queue;
    queue.push(event);
    for (let index = queue.length - 1; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!isBefore(queue[index]!, queue[parent]!)) break;
      [queue[index], queue[parent]] = [queue[parent]!, queue[index]!];
      index = parent;
    }
  }

  #pop(): SimulatedEvent | undefined {
    const queue = this.#queue;
    const first = queue[0];
    const last = queue.pop();
    if (first === undefined || last === undefined || queue.length === 0) return first;
    queue[0] = last;
    for (let index = 0; ;) {
      const left = index * 2 + 1;
      let least = index;
      for (const child of [left, left + 1])
        if (child < queue.length && isBefore(queue[child]!, queue[least]!)) least = child;
      if (least === index) return first;
      [queue[index], queue[least]] = [queue[least]!, queue[index]!];
      index = least;
    }
  }
}

function isBefore(left: SimulatedEvent, right: SimulatedEvent): boolean {
  return left.atMs - right.atMs < 0 || (left.atMs === right.atMs && left.order < right.order);
}

function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => systemClock.defer(resolve));
}
