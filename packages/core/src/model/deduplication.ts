import type { ChainStatus, JobStatus } from "./status.ts";

/**
 * How a start with a deduplication key meets a chain that was started with the same type and key.
 * `scope`: `open` looks at chains that are still open; `any` at closed ones too. `windowMs` looks back no further than that.
 * `onDuplicate`: `keep` returns the chain as it is; `replace` gives a chain whose first job has not begun the new input and priority;
 * `debounce` does so too and moves its time to the new schedule. What has begun is never replaced (trap A13): it is kept.
 */
export interface Deduplication {
  readonly key: string;
  readonly scope: "open" | "any";
  readonly windowMs: number | undefined;
  readonly onDuplicate: "keep" | "replace" | "debounce";
}

/** The chain that a key names at present. */
export interface DeduplicatedChain {
  readonly status: ChainStatus;
  readonly createdAtMs: number;
  /** The status of its first job. */
  readonly rootStatus: JobStatus;
  /** How often its first job has been claimed: a rescheduled job has no attempt counted, and has begun nevertheless. */
  readonly rootClaimNo: number;
}

/** What a start with a key does: makes a chain (and takes the key over), or answers with the chain that exists. */
export type DeduplicationDecision = "create" | "kept" | "replaced" | "debounced";

/** Decides a start with a key. Every adapter asks this under the lock of the key, so that the four databases agree. */
export function decideDeduplication(
  request: Deduplication,
  existing: DeduplicatedChain | undefined,
  nowMs: number,
): DeduplicationDecision {
  if (existing === undefined) return "create";
  if (request.scope === "open" && existing.status !== "open") return "create";
  if (request.windowMs !== undefined && existing.createdAtMs + request.windowMs <= nowMs)
    return "create";
  if (request.onDuplicate === "keep") return "kept";
  const hasBegun =
    existing.rootClaimNo > 0 || !["blocked", "scheduled", "ready"].includes(existing.rootStatus);
  if (hasBegun) return "kept";
  return request.onDuplicate === "replace" ? "replaced" : "debounced";
}

/**
 * Until when a key's row is kept once its chain is closed: `undefined` = delete it at the close, `Infinity` = as long as the chain exists.
 * A failed chain keeps its row, since a redrive opens it again.
 */
export function keyKeptUntilMs(
  deduplication: Deduplication,
  createdAtMs: number,
): number | undefined {
  if (deduplication.scope === "open") return undefined;
  return deduplication.windowMs === undefined
    ? Number.POSITIVE_INFINITY
    : createdAtMs + deduplication.windowMs;
}
