import type { Clock } from "../ports/clock.ts";
import type { DomainEvent, EmittedEvent, EventSubscriber } from "../ports/telemetry.ts";
import type { EventRecorder } from "../ports/tracing.ts";

/** Hands events to the subscribers and to telemetry. Without either it costs nothing. */
export interface EventSink {
  readonly hasSubscribers: boolean;
  /** `trace`: the call or the attempt that the events are of. It is told although there are none. */
  emit(events: readonly DomainEvent[], trace?: EventRecorder): void;
}

export function createEventSink(
  clock: Clock,
  subscribers: readonly EventSubscriber[],
  telemetry?: EventRecorder,
): EventSink {
  const tellOthers = (failed: unknown, error: unknown): void => {
    const atMs = clock.now();
    const failure: EmittedEvent = { name: "callback.failed", callback: "subscriber", error, atMs };
    for (const other of subscribers) {
      if (other !== failed) handOver(other, [failure], ignore);
    }
  };
  const record = (events: readonly EmittedEvent[], recorder: EventRecorder): void =>
    handOver(
      (recorded) => recorder.record(recorded),
      events,
      (error) => tellOthers(recorder, error),
    );
  return {
    hasSubscribers: subscribers.length > 0 || telemetry !== undefined,
    emit(events, trace) {
      if (events.length === 0) {
        if (trace !== undefined) record([], trace);
        return;
      }
      if (subscribers.length === 0 && telemetry === undefined) return;
      const atMs = clock.now();
      const emitted = events.map((event) => ({ ...event, atMs }));
      for (const subscriber of subscribers) {
        handOver(subscriber, emitted, (error) => tellOthers(subscriber, error));
      }
      const recorder = trace ?? telemetry;
      if (recorder !== undefined) record(emitted, recorder);
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
