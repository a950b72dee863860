import { setTimeout } from "node:timers/promises";

import type { Guard, GuardedProgram } from "./guard.ts";
import { query } from "./query.ts";

const retryIntervalMs = 20;

/** Resolves when the server takes connections; rejects when its program ends before that, with what it wrote. */
export async function untilAnswering(
  url: string,
  guard: Guard,
  program: GuardedProgram,
): Promise<void> {
  let hasEnded = false;
  void program.exited.then(() => {
    hasEnded = true;
  });
  while (!(await isAnswering(url))) {
    if (hasEnded)
      throw new Error(`A test server ended instead of starting.\n${await guard.readLog()}`);
    await setTimeout(retryIntervalMs);
  }
}

async function isAnswering(url: string): Promise<boolean> {
  return query(url, "SELECT 1").then(
    () => true,
    () => false,
  );
}
