import type { WakeUpTopic } from "../ports/notify-adapter.ts";
import type { DomainEvent } from "../ports/telemetry.ts";
import type { EventSink } from "./event-sink.ts";
import type { NotifyChannel } from "./notify-channel.ts";

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

export function createSignalSender(events: EventSink, channel: NotifyChannel): SignalSender {
  return {
    async send(signals) {
      channel.publish(signals.topics);
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
