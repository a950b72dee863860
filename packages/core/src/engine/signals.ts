import type { NotifyAdapter, WakeUpTopic } from "../ports/notify-adapter.ts";
import type { DomainEvent } from "../ports/telemetry.ts";
import type { EventSink } from "./event-sink.ts";

/** What leaves after a commit: events for telemetry, wake-ups, and side effects of the user's. */
export interface Signals {
  readonly events: readonly DomainEvent[];
  readonly topics: readonly WakeUpTopic[];
  readonly effects?: readonly (() => void | Promise<void>)[];
}

/** Sends signals. To be called only when what they tell has committed (P6). */
export interface SignalSender {
  /** Never throws: what fails is an event. Resolves when the effects have run; wake-ups are not waited for. */
  send(signals: Signals): Promise<void>;
}

export function createSignalSender(
  events: EventSink,
  notify: NotifyAdapter | undefined,
): SignalSender {
  const publish = createPublisher(events, notify);
  return {
    async send(signals) {
      publish(signals.topics);
      events.emit(signals.events);
      for (const effect of signals.effects ?? []) {
        try {
          await effect();
        } catch (error) {
          events.emit([{ name: "callback.failed", callback: "effect", error }]);
        }
      }
    },
  };
}

/** Publishes each topic once a call, and reports an outage of the channel once (P7: it changes latency only). */
function createPublisher(
  events: EventSink,
  notify: NotifyAdapter | undefined,
): (topics: readonly WakeUpTopic[]) => void {
  let isDown = false;
  return (topics) => {
    if (notify === undefined || topics.length === 0) return;
    notify.publish(uniqueTopics(topics)).then(
      () => {
        if (isDown) events.emit([{ name: "notify.recovered" }]);
        isDown = false;
      },
      (error: unknown) => {
        if (!isDown) events.emit([{ name: "notify.unavailable", error }]);
        isDown = true;
      },
    );
  };
}

function uniqueTopics(topics: readonly WakeUpTopic[]): readonly WakeUpTopic[] {
  if (topics.length === 1) return topics;
  const seen = new Map<string, WakeUpTopic>();
  for (const topic of topics) seen.set(topicKey(topic), topic);
  return [...seen.values()];
}

/** One text for each topic. */
export function topicKey(topic: WakeUpTopic): string {
  switch (topic.kind) {
    case "type":
      return `type:${topic.type}`;
    case "chain":
      return `chain:${topic.chainId}`;
    case "worker":
      return `worker:${topic.workerId}`;
  }
}
