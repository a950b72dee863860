import type { RetentionRules } from "../model/retention.ts";
import type { RetireResult } from "../ports/state-adapter.ts";
import type { DomainEvent } from "../ports/telemetry.ts";
import { Alarm } from "./alarm.ts";
import type { Outage } from "./outage.ts";
import type { WorkerState } from "./worker-state.ts";

type RetiredEvent = Extract<DomainEvent, { name: "chains.retired" }>;

/** Some milliseconds of a database with one writer, in which workers may have to wait. */
const retireCountMax = 200;
/** The least time between two batches. */
const pauseMsMin = 10;

/**
 * Deletes closed chains that the worker's retention does not keep. It works beside the lane: no turn waits for it, and it touches nothing
 * that the worker holds. While more is due it goes on, and leaves the database in peace for as long as the last batch took.
 */
export class Retirer<TTransaction> {
  readonly #state: WorkerState<TTransaction>;
  readonly #outage: Outage;
  readonly #alarm: Alarm;
  #isAtWork = false;

  constructor(state: WorkerState<TTransaction>, outage: Outage) {
    this.#state = state;
    this.#outage = outage;
    this.#alarm = new Alarm(state.context.clock, () => void this.#takeTurn());
  }

  /** A batch is under way. */
  get isAtWork(): boolean {
    return this.#isAtWork;
  }

  /** The first look comes anywhere within the interval, so that workers that start together do not look together. */
  start(): void {
    const { context, options } = this.#state;
    if (options.retention !== undefined)
      this.#alarm.atLatest(options.retentionIntervalMs * context.chance.fraction());
  }

  /** Begins no more batches. */
  stop(): void {
    this.#alarm.end();
  }

  async #takeTurn(): Promise<void> {
    const { context, options, workerId } = this.#state;
    this.#isAtWork = true;
    let waitMs = options.retentionIntervalMs * (0.8 + 0.4 * context.chance.fraction());
    try {
      const begunAtMs = context.clock.monotonicNow();
      const isMore = await this.#retire(options.retention!);
      if (isMore) waitMs = Math.max(pauseMsMin, context.clock.monotonicNow() - begunAtMs);
    } catch (error) {
      // The lane tells when it is over, and of an outage that it has noticed itself.
      if (!this.#outage.isOngoing) this.#outage.failed(workerId, error);
    }
    this.#isAtWork = false;
    this.#alarm.atLatest(waitMs);
    this.#state.changed();
  }

  /** One batch. Answers whether more is due. */
  async #retire(rules: RetentionRules): Promise<boolean> {
    const { context, workerId } = this.#state;
    const { retired, isMore } = await context.state.retireChains({ rules, limit: retireCountMax });
    context.events.emit(retiredEvents(retired, workerId));
    return isMore;
  }
}

function retiredEvents(
  retired: RetireResult["retired"],
  workerId: string,
): readonly RetiredEvent[] {
  const events = new Map<string, RetiredEvent>();
  for (const { status, chainType } of retired) {
    const group = `${status} ${chainType}`;
    const count = (events.get(group)?.count ?? 0) + 1;
    events.set(group, { name: "chains.retired", status, chainType, count, workerId });
  }
  return [...events.values()];
}
