import type { WakeUpTopic } from "../ports/notify-adapter.ts";
import type { DomainEvent } from "../ports/telemetry.ts";
import type { EventRecorder } from "../ports/tracing.ts";
import type { EventSink } from "./event-sink.ts";
import type { NotifyChannel } from "./notify-channel.ts";

/** What leaves after a commit: events, wake-ups, and side effects of the user's. */
export interface Signals {
  readonly events: readonly DomainEvent[];
  /** The call or the attempt that the events are of: it hears of its commit although there are none. */
  readonly trace?: EventRecorder | undefined;
  readonly topics: readonly WakeUpTopic[];
  readonly effects?: readonly (() => void | Promise<void>)[];
}

/** Sends signals. To be called only when what they tell has committed (P6). */
export interface SignalSender {
  /** Never throws: what fails is an event. Resolves when the effects have run, in order; wake-ups are not waited for. */
  send(signals: Signals): Promise<void>;
  /** The same for those of one transaction, in order. */
  sendAll(signals: readonly Signals[]): Promise<void>;
}

export function createSignalSender(events: EventSink, channel: NotifyChannel): SignalSender {
  const sender: SignalSender = {
    send: (signals) => sender.sendAll([signals]),
    async sendAll(signals) {
      channel.publish(signals.flatMap(({ topics }) => topics));
      for (const signal of signals) events.emit(signal.events, signal.trace);
      for (const effect of signals.flatMap(({ effects = [] }) => effects)) {
        try {
          await effect();
        } catch (error) {
          events.emit([{ name: "callback.failed", callback: "effect", error }]);
        }
      }
    },
  };
  return sender;
}
