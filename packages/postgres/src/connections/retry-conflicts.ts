import { setTimeout as wait } from "node:timers/promises";

import { isConflict } from "../errors.ts";

/** Deadlocks and serialization failures dissolve at once when one side steps back; beyond this somebody does nothing but collide. */
const attemptCountMax = 6;
const delayMs = 5;

/** Runs a transaction of our own again when another one made it fail. It has left nothing, so that is safe. */
export async function retryConflicts<TResult>(attempt: () => Promise<TResult>): Promise<TResult> {
  for (let attemptCount = 1; ; attemptCount += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (attemptCount === attemptCountMax || !isConflict(error)) throw error;
      await wait(Math.random() * delayMs * 2 ** attemptCount);
    }
  }
}
