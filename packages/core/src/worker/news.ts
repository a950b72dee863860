import type { AbortReason, LostReason } from "../errors/attempt-errors.ts";
import type { EngineContext } from "../engine/context.ts";
import type { AttemptOutcome, DomainEvent } from "../ports/telemetry.ts";
import { abortAttempt, subjectOf, type Attempt } from "./attempt.ts";
import type { PendingOutcome } from "./outbox.ts";

/** Tells that an attempt has begun. */
export function emitStarted<TTransaction>(
  { events }: EngineContext<TTransaction>,
  attempt: Attempt,
): void {
  if (events.hasSubscribers)
    events.emit(
      [{ name: "attempt.started", ...subjectOf(attempt), waitMs: attempt.job.waitMs }],
      attempt.trace,
    );
}

/** Tells how an attempt ended, once that is settled, and what else came with it. */
export function emitEnded<TTransaction>(
  { events, clock }: EngineContext<TTransaction>,
  attempt: Attempt,
  outcome: AttemptOutcome,
  more: {
    readonly pending?: PendingOutcome;
    readonly reason?: AbortReason;
    readonly events?: readonly DomainEvent[];
  } = {},
): void {
  // What was held and given back was no attempt.
  if (!events.hasSubscribers || attempt.startedAtMs === undefined) return;
  const { pending, reason } = more;
  const endedAtMs = pending?.endedAtMs ?? clock.monotonicNow();
  const ended: DomainEvent = {
    name: "attempt.ended",
    ...subjectOf(attempt),
    outcome,
    durationMs: endedAtMs - attempt.startedAtMs,
    ...(pending?.error === undefined ? {} : { error: pending.error }),
    ...(pending?.outcome.kind === "retried" ? { retryInMs: pending.outcome.delayMs } : {}),
    ...(reason === undefined ? {} : { reason }),
  };
  events.emit([ended, ...(more.events ?? [])], attempt.trace);
}

/** Tells that the fence refused an attempt. */
export function emitLost<TTransaction>(
  context: EngineContext<TTransaction>,
  attempt: Attempt,
  reason: LostReason,
): void {
  emitEnded(context, attempt, reason === "cancelled" ? "cancelled" : "lost", { reason });
}

/** Tells the handler to stop, and everyone that it was told. */
export function abortAndTell<TTransaction>(
  { events }: EngineContext<TTransaction>,
  attempt: Attempt,
  reason: AbortReason,
): void {
  if (abortAttempt(attempt, reason))
    events.emit([{ name: "attempt.aborted", ...subjectOf(attempt), reason }], attempt.trace);
}
