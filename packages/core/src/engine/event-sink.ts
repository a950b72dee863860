import type { Clock } from "../ports/clock.ts";
import type { DomainEvent, EmittedEvent, EventSubscriber } from "../ports/telemetry.ts";

/** Hands events to the subscribers. Without subscribers it costs nothing. */
export interface EventSink {
  readonly hasSubscribers: boolean;
  emit(events: readonly DomainEvent[]): void;
}

export function createEventSink(clock: Clock, subscribers: readonly EventSubscriber[]): EventSink {
  const tellOthers = (failed: EventSubscriber, error: unknown): void => {
    const atMs = clock.now();
    const failure: EmittedEvent = { name: "callback.failed", callback: "subscriber", error, atMs };
    for (const other of subscribers) {
      if (other !== failed) handOver(other, [failure], ignore);
    }
  };
  return {
    hasSubscribers: subscribers.length > 0,
    emit(events) {
      if (subscribers.length === 0 || events.length === 0) return;
      const atMs = clock.now();
      const emitted = events.map((event) => ({ ...event, atMs }));
      for (const subscriber of subscribers) {
        handOver(subscriber, emitted, (error) => tellOthers(subscriber, error));
      }
    },
  };
}

/** A subscriber may throw, and may return a promise although nobody waits for it: a rejection must not end the process. */
function handOver(
  subscriber: EventSubscriber,
  events: readonly EmittedEvent[],
  onFailure: (error: unknown) => void,
): void {
  try {
    const returned: unknown = subscriber(events);
    if (returned instanceof Promise) returned.catch(onFailure);
  } catch (error) {
    onFailure(error);
  }
}

/** Two subscribers that both fail would tell each other for ever. */
function ignore(): void {}
