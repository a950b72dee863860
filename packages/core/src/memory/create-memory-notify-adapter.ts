import { OptionInvalidError } from "../errors/value-errors.ts";
import { StoreUnavailableError } from "../errors/store-errors.ts";
import type { NotifyAdapter, WakeUpSubscription, WakeUpTopic } from "../ports/notify-adapter.ts";

declare const hubBrand: unique symbol;

/** What in-memory notify adapters share: a channel of its own. Made by {@link createMemoryNotifyHub}. */
export interface MemoryNotifyHub {
  readonly [hubBrand]: true;
}

interface Subscription {
  readonly onWakeUp: () => void;
  isOpen: boolean;
  /** A call is on its way: what is published meanwhile is told by it. */
  isPending: boolean;
}

/** Subscriptions by topic. Topics without subscribers leave nothing behind. */
type Subscriptions = Map<string, Set<Subscription>>;

const hubs = new WeakMap<MemoryNotifyHub, Subscriptions>();

/** Makes a channel. Adapters made with one hub reach each other's subscribers, as processes that share a server do; two hubs never meet (P9). */
export function createMemoryNotifyHub(): MemoryNotifyHub {
  const hub = Object.freeze({}) as MemoryNotifyHub;
  hubs.set(hub, new Map());
  return hub;
}

/** The options of {@link createMemoryNotifyAdapter}. */
export interface MemoryNotifyAdapterOptions {
  /** The channel to use. Default: one of its own. */
  readonly hub?: MemoryNotifyHub | undefined;
}

/**
 * Makes a notify adapter that stays in the process. Wake-ups reach subscribers in a later microtask, never inside the publish; several
 * that are published meanwhile become one call. A subscriber that throws keeps no other from being called.
 *
 * @throws OptionInvalidError for a `hub` that `createMemoryNotifyHub` did not make.
 */
export function createMemoryNotifyAdapter(options: MemoryNotifyAdapterOptions = {}): NotifyAdapter {
  const found = hubs.get(options.hub ?? createMemoryNotifyHub());
  if (found === undefined)
    throw new OptionInvalidError("hub was not made by createMemoryNotifyHub.", { option: "hub" });
  const subscriptions: Subscriptions = found;
  const ends = new Set<() => void>();
  let isClosed = false;

  const refuseClosed = (): void => {
    if (isClosed) throw new StoreUnavailableError("The notify adapter is closed.");
  };

  return {
    name: "memory",

    async publish(topics) {
      refuseClosed();
      for (const topic of topics)
        for (const subscription of subscriptions.get(formatTopic(topic)) ?? []) wake(subscription);
    },

    async subscribe({ topics, onWakeUp }): Promise<WakeUpSubscription> {
      refuseClosed();
      const subscription: Subscription = { onWakeUp, isOpen: true, isPending: false };
      const names = topics.map(formatTopic);
      for (const name of names) addSubscription(subscriptions, name, subscription);
      const end = (): void => {
        subscription.isOpen = false;
        for (const name of names) removeSubscription(subscriptions, name, subscription);
        ends.delete(end);
      };
      ends.add(end);
      return { close: async () => end() };
    },

    async close() {
      isClosed = true;
      for (const end of ends) end();
    },
  };
}

function wake(subscription: Subscription): void {
  if (subscription.isPending) return;
  subscription.isPending = true;
  queueMicrotask(() => {
    subscription.isPending = false;
    if (!subscription.isOpen) return;
    try {
      subscription.onWakeUp();
    } catch {
      // The port forbids it to throw; whoever does shall not end the process by an error that nobody can catch.
    }
  });
}

function formatTopic(topic: WakeUpTopic): string {
  if (topic.kind === "type") return `type:${topic.type}`;
  return topic.kind === "chain" ? `chain:${topic.chainId}` : `worker:${topic.workerId}`;
}

function addSubscription(
  subscriptions: Subscriptions,
  name: string,
  subscription: Subscription,
): void {
  const set = subscriptions.get(name);
  if (set === undefined) subscriptions.set(name, new Set([subscription]));
  else set.add(subscription);
}

function removeSubscription(
  subscriptions: Subscriptions,
  name: string,
  subscription: Subscription,
): void {
  const set = subscriptions.get(name);
  set?.delete(subscription);
  if (set?.size === 0) subscriptions.delete(name);
}
