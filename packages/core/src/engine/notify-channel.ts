import type { NotifyAdapter, WakeUpSubscription, WakeUpTopic } from "../ports/notify-adapter.ts";
import type { EventSink } from "./event-sink.ts";

/**
 * The notify adapter as the engine uses it: nobody waits for it and nobody fails with it, since a wake-up changes latency only (P7). Without an adapter
 * it does nothing. An outage is told once, whoever meets it, and its end once.
 */
export interface NotifyChannel {
  /** Publishes wake-ups, each topic once. */
  publish(topics: readonly WakeUpTopic[]): void;
  /**
   * Subscribes in the background. `onWakeUp` is also called once when the subscription stands, for what came before it, and when none comes
   * about.
   */
  subscribe(topics: readonly WakeUpTopic[], onWakeUp: () => void): ChannelSubscription;
  /** Whether wake-ups may not arrive, so that whoever waits for them should look by itself more often. */
  readonly isAway: boolean;
  /** How long to wait between two looks: the usual time, or a fifth of it while wake-ups may not arrive. */
  pollIntervalMs(usualMs: number): number;
}

/** How many times as often to look while wake-ups may not arrive. */
const lookFactor = 5;

/** A subscription that stands, or that may come about later. */
export interface ChannelSubscription {
  /** Ends it at once for the subscriber; the adapter is told, and not waited for. */
  end(): void;
}

export function createNotifyChannel(
  events: EventSink,
  notify: NotifyAdapter | undefined,
): NotifyChannel {
  let isDown = false;
  /** Of the newest call that has ended. */
  let failure: { readonly error: unknown } | undefined;
  let wasAway = false;
  const isAway = (): boolean => notify?.outage !== undefined;
  const tellChange = (): void => {
    // An adapter that knows says so when publishing works, too.
    if (wasAway && !isAway()) failure = undefined;
    wasAway = isAway();
    const reason = failure ?? (isAway() ? { error: notify?.outage } : undefined);
    if ((reason !== undefined) === isDown) return;
    isDown = reason !== undefined;
    events.emit([
      reason === undefined
        ? { name: "notify.recovered" }
        : { name: "notify.unavailable", error: reason.error },
    ]);
  };
  let callCount = 0;
  /** Of the calls that have ended, the one that began last: how an earlier one ends is no news any more. */
  let newestEnded = 0;
  /** Notes how a call ends. Calls are side by side, and end in any order. */
  const beginCall = (): { worked(): void; failed(error: unknown): void } => {
    callCount += 1;
    const call = callCount;
    const end = (outcome: typeof failure): void => {
      if (call < newestEnded) return;
      newestEnded = call;
      failure = outcome;
      tellChange();
    };
    return { worked: () => end(undefined), failed: (error) => end({ error }) };
  };

  return {
    get isAway() {
      return isAway();
    },
    pollIntervalMs: (usualMs) => (isAway() ? usualMs / lookFactor : usualMs),

    publish(topics) {
      if (notify === undefined || topics.length === 0) return;
      const { worked, failed } = beginCall();
      notify.publish(uniqueTopics(topics)).then(worked, failed);
    },

    subscribe(topics, onWakeUp) {
      let isEnded = false;
      let subscription: WakeUpSubscription | undefined;
      const wake = (): void => {
        tellChange();
        if (!isEnded) onWakeUp();
      };
      const close = (standing: WakeUpSubscription): void => {
        standing.close().catch(beginCall().failed);
      };
      const subscribe = async (): Promise<void> => {
        const { failed } = beginCall();
        try {
          subscription = await notify?.subscribe({ topics, onWakeUp: wake });
        } catch (error) {
          failed(error);
        }
        if (isEnded && subscription !== undefined) close(subscription);
        wake();
      };
      void subscribe();
      return {
        end() {
          if (isEnded) return;
          isEnded = true;
          if (subscription !== undefined) close(subscription);
        },
      };
    },
  };
}

function uniqueTopics(topics: readonly WakeUpTopic[]): readonly WakeUpTopic[] {
  if (topics.length === 1) return topics;
  const seen = new Map<string, WakeUpTopic>();
  for (const topic of topics) seen.set(topicKey(topic), topic);
  return [...seen.values()];
}

/** One text for each topic. */
function topicKey(topic: WakeUpTopic): string {
  switch (topic.kind) {
    case "type":
      return `type:${topic.type}`;
    case "chain":
      return `chain:${topic.chainId}`;
    case "worker":
      return `worker:${topic.workerId}`;
  }
}
