import type { ChannelSubscription, NotifyChannel } from "../engine/notify-channel.ts";

/** What a worker does when it is woken. */
export interface WakeUpHandlers {
  /** A job of one of its types may be ready or due. */
  readonly onWork: () => void;
  /** A job that it runs may have been cancelled, deleted or completed elsewhere. */
  readonly onLoss: () => void;
}

/** A worker's subscriptions: to its types while it claims, and to its own id as long as it holds jobs. */
export class WakeUps {
  readonly #channel: NotifyChannel;
  readonly #handlers: WakeUpHandlers;
  #work: ChannelSubscription | undefined;
  #loss: ChannelSubscription | undefined;

  constructor(channel: NotifyChannel, handlers: WakeUpHandlers) {
    this.#channel = channel;
    this.#handlers = handlers;
  }

  listenForWork(types: readonly string[]): void {
    const topics = types.map((type) => ({ kind: "type" as const, type }));
    this.#work = this.#channel.subscribe(topics, this.#handlers.onWork);
  }

  /** Listens under a worker's id; a new id takes the place of the old one. */
  listenForLoss(workerId: string): void {
    this.#loss?.end();
    const topics = [{ kind: "worker" as const, workerId }];
    this.#loss = this.#channel.subscribe(topics, this.#handlers.onLoss);
  }

  stopWork(): void {
    this.#work?.end();
  }

  close(): void {
    this.#work?.end();
    this.#loss?.end();
  }
}
