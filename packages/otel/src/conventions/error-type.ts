import type { EmittedEvent } from "queuert";

/** The value where nothing better is known. */
const other = "_OTHER";

const codePattern = /^[A-Z0-9_]{2,64}$/;
const classPattern = /^[A-Za-z_$][\w$]{0,63}$/;

/** Class names that say nothing: then the error's own name counts. */
const plainClasses: ReadonlySet<string> = new Set(["Error", "DOMException"]);

/**
 * A word of low cardinality for an error: its code where that is a constant, else its class; never its message. The same word stands on
 * spans, metrics and logs.
 */
export function errorTypeOf(error: unknown): string {
  if (!(error instanceof Error)) return other;
  const { code } = error as { readonly code?: unknown };
  if (typeof code === "string" && codePattern.test(code)) return code;
  const className: unknown = error.constructor?.name;
  const name =
    typeof className === "string" && !plainClasses.has(className) ? className : error.name;
  return classPattern.test(name) ? name : other;
}

/** What a status may say of an error. */
export function errorMessageOf(error: unknown): string | undefined {
  return error instanceof Error ? error.message : typeof error === "string" ? error : undefined;
}

/** The `error.type` of an attempt whose worker's lease had ended. */
export const leaseLost = "lease_lost";

/** The `error.type` of an attempt; `undefined` for one that is no error: a reschedule and a cancellation are the user's own wish. */
export function attemptErrorType(
  ended: Pick<Extract<EmittedEvent, { name: "attempt.ended" }>, "outcome" | "reason" | "error">,
  errorType: (error: unknown) => string,
): string | undefined {
  const { outcome, reason, error } = ended;
  if (outcome === "retried" || outcome === "failed") return errorType(error);
  return outcome === "lost" && reason === "leaseLost" ? leaseLost : undefined;
}
