import { systemChance, systemClock } from "queuert/adapter";

import { isBusy, type ResultCode } from "../errors.ts";

const delayMsMin = 1;
const delayMsMax = 25;

function wait(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    systemClock.schedule(delayMs, resolve);
  });
}

/**
 * Repeats `attempt` while another connection holds the lock, for `busyTimeoutMs` at most; then throws the client's error. It waits outside
 * SQLite, since a wait inside a synchronous client stops the event loop, and with it the transaction that may be waited for.
 */
export async function retryWhileBusy<TResult>(
  attempt: () => TResult,
  options: { readonly busyTimeoutMs: number; readonly resultCode: ResultCode },
): Promise<TResult> {
  const deadline = systemClock.monotonicNow() + options.busyTimeoutMs;
  for (let delayMs = delayMsMin; ; delayMs = Math.min(delayMs * 2, delayMsMax)) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error, options.resultCode) || systemClock.monotonicNow() >= deadline) throw error;
    }
    await wait(delayMs * (0.5 + systemChance.fraction() / 2));
  }
}
