import type { Faults } from "./faults.ts";
import type { SimulatedProcess } from "./simulated-system.ts";
import type { Simulator } from "./simulator.ts";

/** A call to a service outside that did not come back as it should. */
export class OutsideCallError extends Error {
  override readonly name = "OutsideCallError";
}

/** Who calls, and what may go wrong. */
interface Caller {
  readonly simulator: Simulator;
  readonly faults: Faults;
  readonly process: SimulatedProcess;
}

/** Whom the process calls. */
interface Callee {
  /** Shown in the trace. */
  readonly name: string;
  /** Whether it cannot be reached. */
  readonly isAway: () => boolean;
  /** What the caller gets for a call that is refused or whose reply is lost. */
  readonly error: (message: string) => Error;
}

/**
 * A message there and a message back, each with a latency. The call may be refused before it does anything, or take effect while its reply is
 * lost; its process may die at it, and then never goes on. What a dying process has sent may still arrive.
 */
export async function callOutside<TResult>(
  { simulator, faults, process }: Caller,
  { name, isAway, error }: Callee,
  run: () => Promise<TResult>,
): Promise<TResult> {
  const fate = faults.fateOfCall(name);
  if (fate === "crashBefore") process.crash();
  await simulator.wait(faults.latencyMs(name));
  if (process.state === "dead" && process.random.isTrue(0.5)) return new Promise<never>(() => {});
  const answer =
    fate === "refused" || isAway() ? { error: error("The call was refused.") } : await settled(run);
  if (fate === "crashAfter") process.crash();
  await simulator.wait(faults.latencyMs(name), process);
  if ("error" in answer) throw answer.error;
  if (fate === "replyLost" || isAway()) throw error("The reply was lost.");
  return answer.result;
}

type Answer<TResult> = { readonly result: TResult } | { readonly error: unknown };

async function settled<TResult>(run: () => Promise<TResult>): Promise<Answer<TResult>> {
  try {
    return { result: await run() };
  } catch (error) {
    return { error };
  }
}
