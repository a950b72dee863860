import type { AttemptKey, ClaimRequest } from "../ports/state-adapter.ts";
import { keyOf, tokenOf, type Attempt } from "./attempt.ts";
import type { ResolvedWorkerOptions } from "./worker-options.ts";

/**
 * What a worker holds, by stage: *held* jobs wait for a slot, *running* ones have a slot, *settling* ones have their outcome and wait for its
 * verdict. A settling attempt that asks for a sticky continuation keeps its slot (*reserved*), so that the next job can begin at once.
 */
export class Holdings {
  readonly running: Map<string, Attempt> = new Map();
  readonly settling: Map<string, Attempt> = new Map();
  readonly #options: ResolvedWorkerOptions;
  readonly #held = new Map<string, Attempt>();
  readonly #reservedTypes = new Map<string, string>();
  /** The reservations whose attempt runs no more: each keeps a slot. That of a running attempt is its own. */
  readonly #keptSlots = new Set<string>();

  constructor(options: ResolvedWorkerOptions) {
    this.#options = options;
  }

  get heldCount(): number {
    return this.#held.size;
  }

  get isEmpty(): boolean {
    return this.running.size === 0 && this.settling.size === 0 && this.#held.size === 0;
  }

  /** Slots in which nothing runs and which are kept for nothing. */
  get freeSlotCount(): number {
    return this.#options.concurrency - this.running.size - this.#keptSlots.size;
  }

  hold(attempt: Attempt): void {
    this.#held.set(tokenOf(attempt.job), attempt);
  }

  /** The held attempt that is next, when a slot is free for it. */
  takeHeld(): Attempt | undefined {
    if (this.freeSlotCount <= 0) return undefined;
    for (const [token, attempt] of this.#held) {
      this.#held.delete(token);
      return attempt;
    }
    return undefined;
  }

  takeAllHeld(): readonly Attempt[] {
    const held = [...this.#held.values()];
    this.#held.clear();
    return held;
  }

  dropHeld(token: string): void {
    this.#held.delete(token);
  }

  /** The attempt at a job that is in the worker's hands, at any stage. */
  find(token: string): Attempt | undefined {
    return this.running.get(token) ?? this.settling.get(token) ?? this.#held.get(token);
  }

  /** Takes an attempt out of the worker's hands, with whatever is kept for it. */
  letGo(token: string): Attempt | undefined {
    const attempt = this.find(token);
    if (attempt === undefined) return undefined;
    for (const stage of [this.running, this.settling, this.#held]) stage.delete(token);
    this.unreserve(token);
    return attempt;
  }

  /** Keeps the slot of a running attempt for a job of this type that is to follow it. */
  reserve(token: string, nextType: string): void {
    this.#reservedTypes.set(token, nextType);
  }

  unreserve(token: string): void {
    this.#reservedTypes.delete(token);
    this.#keptSlots.delete(token);
  }

  /** Takes an attempt out of its slot, unless that is kept; `false` when another one, or none, stands there under its key. */
  endRunning(attempt: Attempt): boolean {
    const token = tokenOf(attempt.job);
    if (this.running.get(token) !== attempt) return false;
    this.running.delete(token);
    if (this.#reservedTypes.has(token)) this.#keptSlots.add(token);
    return true;
  }

  /** Every attempt that the database should say is this worker's. */
  keys(): AttemptKey[] {
    return this.#attempts().map(({ job }) => keyOf(job));
  }

  /** The next jobs that may appear in the database as this worker's at any moment. */
  expectedKeys(): AttemptKey[] {
    return this.#attempts().flatMap(({ expectedNext }) => expectedNext ?? []);
  }

  #attempts(): Attempt[] {
    return [...this.running.values(), ...this.settling.values(), ...this.#held.values()];
  }

  /** How many more jobs of the type may be taken, by its limit in this process. */
  roomFor(type: string): number {
    const handler = this.#options.handlers.get(type);
    if (handler === undefined) return 0;
    const isLimited = handler.concurrency < this.#options.concurrency;
    return isLimited ? handler.concurrency - this.#countOf(type) : Number.POSITIVE_INFINITY;
  }

  /** What to claim: as many as there are free slots, and `ahead` beyond that; `undefined` when there is no room. */
  claimRequest(ahead: number, firstType: number): ClaimRequest | undefined {
    const slots = Math.max(0, this.freeSlotCount - this.#held.size);
    const wanted = slots + ahead;
    if (wanted <= 0) return undefined;
    const types: { type: string; limit: number }[] = [];
    for (const handler of this.#options.handlers.values()) {
      const limit = Math.min(wanted, this.roomFor(handler.type));
      if (limit > 0) types.push({ type: handler.type, limit });
    }
    if (types.length === 0) return undefined;
    const start = firstType % types.length;
    return { types: [...types.slice(start), ...types.slice(0, start)], slots, ahead };
  }

  #countOf(type: string): number {
    let count = 0;
    for (const attempts of [this.running.values(), this.#held.values()])
      for (const attempt of attempts) if (attempt.job.type === type) count++;
    for (const reserved of this.#reservedTypes.values()) if (reserved === type) count++;
    return count;
  }
}
