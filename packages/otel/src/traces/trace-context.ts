import type { Attributes, Link, SpanContext } from "@opentelemetry/api";

import { ownAttributeNames as own } from "../conventions/attributes.ts";
import type { ResolvedOptions } from "../options.ts";
import type { StoredTrace } from "./stored-trace.ts";

/** Why a span is linked to. */
export type LinkRelation =
  | "creation"
  | "previous_attempt"
  | "predecessor"
  | "blocker"
  | "deduplicated"
  | "message";

/** A link that says why it is there; none where there is nothing to link to. */
export function linkTo(
  context: SpanContext | undefined,
  relation: LinkRelation,
  attributes: Attributes = {},
): readonly Link[] {
  if (context === undefined) return [];
  return [{ context, attributes: { [own.linkRelation]: relation, ...attributes } }];
}

/** What decides whether an attempt stays in the trace of its job's creation. Instants are the database's. */
export interface TraceCandidate {
  readonly attempt: number;
  readonly createdAt: Date;
  readonly scheduledAt: Date;
  readonly claimedAt: Date;
}

/** Whether an attempt is a child of the span that created its job. */
export function isChildOfCreation(
  stored: StoredTrace,
  candidate: TraceCandidate,
  { traceMode, traceGapMsMax, traceDurationMsMax }: ResolvedOptions,
): boolean {
  if (stored.creation === undefined || traceMode === "link" || traceMode === "none") return false;
  if (traceMode === "parent") return true;
  const claimedAtMs = candidate.claimedAt.getTime();
  const createdAtMs = candidate.createdAt.getTime();
  return (
    !isSetApart(stored, candidate) &&
    claimedAtMs - createdAtMs <= traceGapMsMax &&
    claimedAtMs - (stored.sinceMs ?? createdAtMs) <= traceDurationMsMax
  );
}

/** Scheduled for later at its creation. A retry moves the schedule, too: then the attempt before tells how it was decided. */
function isSetApart(
  stored: StoredTrace,
  { attempt, createdAt, scheduledAt }: TraceCandidate,
): boolean {
  if (stored.attempt !== undefined) return stored.attempt.traceId !== stored.creation?.traceId;
  return attempt === 1 && scheduledAt.getTime() > createdAt.getTime();
}
