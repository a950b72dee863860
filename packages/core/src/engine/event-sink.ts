import type { Clock } from "../ports/clock.ts";
import type { DomainEvent, EmittedEvent, EventSubscriber } from "../ports/telemetry.ts";

/** Hands events to the subscribers. Without subscribers it costs nothing. */
export interface EventSink {
  readonly hasSubscribers: boolean;
  emit(events: readonly DomainEvent[]): void;
}

export function createEventSink(clock: Clock, subscribers: readonly EventSubscriber[]): EventSink {
  const deliver = (subscriber: EventSubscriber, events: readonly EmittedEvent[]): void => {
    try {
      subscriber(events);
    } catch (error) {
      const failure: EmittedEvent = {
        name: "callback.failed",
        callback: "subscriber",
        error,
        atMs: clock.now(),
      };
      for (const other of subscribers)
        if (other !== subscriber) ignoreThrow(() => other([failure]));
    }
  };
  return {
    hasSubscribers: subscribers.length > 0,
    emit(events) {
      if (subscribers.length === 0 || events.length === 0) return;
      const atMs = clock.now();
      const emitted = events.map((event) => ({ ...event, atMs }));
      for (const subscriber of subscribers) deliver(subscriber, emitted);
    },
  };
}

/** Two subscribers that both throw would tell each other for ever. */
function ignoreThrow(run: () => void): void {
  try {
    run();
  } catch {
    // The first failure has been offered to everyone.
  }
}
