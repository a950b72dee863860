import process from "node:process";

import { ConformanceFailure } from "../../expect.ts";

/** Runs `run`, and fails when a rejection was left that nobody handles: it would end the user's process. */
export async function withoutUnhandledRejections(run: () => Promise<void>): Promise<void> {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  try {
    await run();
    // Node tells of a rejection once the microtasks of its turn are over.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("unhandledRejection", note);
  }
  if (unhandled.length > 0)
    throw new ConformanceFailure(`a rejection was left unhandled: ${String(unhandled[0])}`, {
      cause: unhandled[0],
    });
}
