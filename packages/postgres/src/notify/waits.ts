import type { Clock } from "queuert/adapter";

/** Resolves after `delayMs`, and keeps no process alive. Rejects with the signal's reason as soon as it aborts. */
export async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  await waitFor<void>(clock, delayMs, signal, (resolve) => resolve());
}

/** Hands through what `work` comes to, unless the signal aborts before, or `delayMs` go by: then it rejects with `createError()`. */
export async function atMost<TResult>(
  clock: Clock,
  delayMs: number,
  signal: AbortSignal | undefined,
  work: Promise<TResult>,
  createError: () => Error,
): Promise<TResult> {
  return waitFor(
    clock,
    delayMs,
    signal,
    (_, reject) => reject(createError()),
    (resolve, reject) => void work.then(resolve, reject),
  );
}

async function waitFor<TResult>(
  clock: Clock,
  delayMs: number,
  signal: AbortSignal | undefined,
  onTime: Settle<TResult>,
  begin?: Settle<TResult>,
): Promise<TResult> {
  let free = (): void => undefined;
  try {
    return await new Promise<TResult>((resolve, reject) => {
      const timer = clock.schedule(delayMs, () => onTime(resolve, reject), { isBackground: true });
      const onAbort = (): void => reject(signal?.reason);
      signal?.addEventListener("abort", onAbort);
      free = () => {
        timer.cancel();
        signal?.removeEventListener("abort", onAbort);
      };
      begin?.(resolve, reject);
      if (signal?.aborted === true) onAbort();
    });
  } finally {
    free();
  }
}

type Settle<TResult> = (
  resolve: (result: TResult) => void,
  reject: (error: unknown) => void,
) => void;
