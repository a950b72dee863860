import { StoreUnavailableError } from "queuert";

/** What a promise rejected with; fails by itself when it resolves. */
export async function caught(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`The promise was to reject, but resolved with ${JSON.stringify(value)}.`);
}

/** The stable code of an error of Queuert's; `undefined` for others. */
export function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | undefined)?.code;
}

/** What a case throws where the user's own code would fail. */
export class UserError extends Error {
  constructor(message = "The user's own failure.") {
    super(message);
    this.name = "UserError";
  }
}

/** The database cannot be reached. */
export function away(): StoreUnavailableError {
  return new StoreUnavailableError("The case keeps the database away.");
}
