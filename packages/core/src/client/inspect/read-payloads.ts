import { decodeCancelReason } from "../../model/cancel-reason.ts";
import { decodeError, type StoredError } from "../../model/error-codec.ts";
import { formatJobId, type JobKey } from "../../model/ids.ts";
import type { JobStatus } from "../../model/status.ts";
import type { PayloadPlace, Redact } from "./inspect-api.ts";

/** The job that a payload belongs to. */
type PayloadOwner = JobKey & { readonly type: string };

/** Reads stored payloads for people: decoded as JSON, not by a schema, and redacted. */
export interface PayloadReader {
  /** `undefined` stays `undefined`. */
  readonly value: (
    text: string | undefined,
    where: Exclude<PayloadPlace, "error">,
    owner: PayloadOwner,
  ) => unknown;
  readonly error: (text: string, owner: PayloadOwner) => StoredError | undefined;
}

export function createPayloadReader(redact: Redact | undefined): PayloadReader {
  const show = (value: unknown, where: PayloadPlace, owner: PayloadOwner): unknown =>
    redact === undefined
      ? value
      : redact(value, { type: owner.type, where, jobId: formatJobId(owner) });
  return {
    value: (text, where, owner) =>
      text === undefined ? undefined : show(parseOrText(text), where, owner),
    error: (text, owner) => toStoredError(show(decodeError(text), "error", owner)),
  };
}

/** How a job or chain ended, apart from success: the same column holds an error or the reason of a cancellation. */
export function readEnding(
  payloads: PayloadReader,
  ending: { readonly status: JobStatus | "open"; readonly text: string | undefined },
  owner: PayloadOwner,
): { readonly error: StoredError | null; readonly cancelReason: string | null } {
  const { status, text } = ending;
  if (status === "cancelled")
    return { error: null, cancelReason: decodeCancelReason(text) ?? null };
  return {
    error: text === undefined ? null : (payloads.error(text, owner) ?? null),
    cancelReason: null,
  };
}

/** A row that something else has broken is shown rather than hidden: an operator has to see it. */
function parseOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What a redactor gave back, read as an error. */
function toStoredError(value: unknown): StoredError | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "object" && "message" in value && typeof value.message === "string") {
    return { name: "Error", ...(value as Partial<StoredError>), message: value.message };
  }
  return { name: "Error", message: typeof value === "string" ? value : JSON.stringify(value) };
}
