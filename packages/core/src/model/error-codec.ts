/** An error as it is stored with a job, and read back: plain data, bounded in size (trap E2). */
export interface StoredError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly cause?: StoredError;
}

const messageLengthMax = 4_000;
const stackLengthMax = 8_000;
const causeDepthMax = 5;

/** Writes anything that was thrown as JSON text. Never throws: an error that cannot be written must not wedge its job. */
export function encodeError(error: unknown): string {
  return JSON.stringify(toStoredError(error, 0));
}

/** Reads what `encodeError` wrote; text of other origin becomes the message. */
export function decodeError(text: string): StoredError {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && "message" in parsed)
      return parsed as StoredError;
  } catch {
    // Not ours: shown as it is.
  }
  return { name: "Error", message: text };
}

/** An `Error` made of a stored one, for `cause`. */
export function toError(stored: StoredError): Error {
  const error = new Error(
    stored.message,
    stored.cause === undefined ? undefined : { cause: toError(stored.cause) },
  );
  error.name = stored.name;
  if (stored.stack !== undefined) error.stack = stored.stack;
  return error;
}

function toStoredError(error: unknown, depth: number): StoredError {
  const record =
    (typeof error === "object" || typeof error === "function") && error !== null
      ? (error as Record<string, unknown>)
      : undefined;
  const isError = record !== undefined && typeof read(record, "message") === "string";
  const stack = isError ? read(record, "stack") : undefined;
  const code = isError ? read(record, "code") : undefined;
  const cause = isError && depth < causeDepthMax ? read(record, "cause") : undefined;
  return {
    name: cut(nameOf(isError ? record : undefined), 200),
    message: cut(isError ? asText(read(record, "message")) : asText(error), messageLengthMax),
    ...(typeof stack === "string" ? { stack: cut(stack, stackLengthMax) } : {}),
    ...(typeof code === "string" || typeof code === "number"
      ? { code: cut(String(code), 200) }
      : {}),
    ...(cause === undefined || cause === null ? {} : { cause: toStoredError(cause, depth + 1) }),
  };
}

function nameOf(error: Record<string, unknown> | undefined): string {
  const name = error === undefined ? undefined : read(error, "name");
  return typeof name === "string" && name !== "" ? name : "NonError";
}

/** A getter may throw; what it hides is left out. */
function read(record: Record<string, unknown>, key: string): unknown {
  try {
    return record[key];
  } catch {
    return undefined;
  }
}

const unshowable = "(a value that cannot be shown)";

function asText(value: unknown): string {
  try {
    if (typeof value !== "object" || value === null) return String(value);
    const json: string | undefined = JSON.stringify(value);
    return json ?? unshowable;
  } catch {
    return unshowable;
  }
}

function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax
    ? text
    : `${text.slice(0, lengthMax)}… (${text.length - lengthMax} more characters)`;
}
