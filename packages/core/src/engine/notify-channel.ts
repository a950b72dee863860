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
}

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
  const worked = (): void => {
    if (isDown) events.emit([{ name: "notify.recovered" }]);
    isDown = false;
  };
  const failed = (error: unknown): void => {
    if (!isDown) events.emit([{ name: "notify.unavailable", error }]);
    isDown = true;
  };

  return {
    publish(topics) {
      if (notify === undefined || topics.length === 0) return;
      notify.publish(uniqueTopics(topics)).then(worked, failed);
    },

    subscribe(topics, onWakeUp) {
      let isEnded = false;
      let subscription: WakeUpSubscription | undefined;
      const wake = (): void => {
        if (!isEnded) onWakeUp();
      };
      const close = (standing: WakeUpSubscription): void => {
        standing.close().catch(failed);
      };
      const subscribe = async (): Promise<void> => {
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
