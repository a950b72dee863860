import type { EventSink } from "../engine/event-sink.ts";
import type { NotifyAdapter, WakeUpSubscription } from "../ports/notify-adapter.ts";

/** What a worker does when it is woken. */
export interface WakeUpHandlers {
  /** A job of one of its types may be ready or due. */
  readonly onWork: () => void;
  /** A job that it runs may have been cancelled, deleted or completed elsewhere. */
  readonly onLoss: () => void;
}

/** A worker's subscriptions: to its types while it claims, and to its own id as long as it holds jobs. */
export class WakeUps {
  readonly #notify: NotifyAdapter | undefined;
  readonly #events: EventSink;
  readonly #handlers: WakeUpHandlers;
  #work: WakeUpSubscription | undefined;
  #loss: WakeUpSubscription | undefined;

  constructor(notify: NotifyAdapter | undefined, events: EventSink, handlers: WakeUpHandlers) {
    this.#notify = notify;
    this.#events = events;
    this.#handlers = handlers;
  }

  async listenForWork(types: readonly string[]): Promise<void> {
    this.#work = await this.#subscribe(
      types.map((type) => ({ kind: "type", type })),
      this.#handlers.onWork,
    );
  }

  /** Listens under a worker's id; a new id takes the place of the old one. */
  async listenForLoss(workerId: string): Promise<void> {
    const old = this.#loss;
    this.#loss = await this.#subscribe([{ kind: "worker", workerId }], this.#handlers.onLoss);
    await this.#end(old);
  }

  async stopWork(): Promise<void> {
    const old = this.#work;
    this.#work = undefined;
    await this.#end(old);
  }

  async close(): Promise<void> {
    await this.stopWork();
    await this.#end(this.#loss);
    this.#loss = undefined;
  }

  /** Without wake-ups the poll and the beat find the same (P7). */
  async #subscribe(
    topics: Parameters<NotifyAdapter["subscribe"]>[0]["topics"],
    onWakeUp: () => void,
  ): Promise<WakeUpSubscription | undefined> {
    try {
      return await this.#notify?.subscribe({ topics, onWakeUp });
    } catch (error) {
      this.#events.emit([{ name: "notify.unavailable", error }]);
      return undefined;
    }
  }

  async #end(subscription: WakeUpSubscription | undefined): Promise<void> {
    try {
      await subscription?.close();
    } catch (error) {
      this.#events.emit([{ name: "notify.unavailable", error }]);
    }
  }
}
