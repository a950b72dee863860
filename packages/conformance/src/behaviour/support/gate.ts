import { createDeferred } from "../../support/deferred.ts";

/** Holds handlers where a case wants them, and tells when they are there. */
export interface Gate {
  /** Called by a handler: says that it is here, and waits until the gate is opened. With `signal`, rejects with its reason when that is aborted. */
  pass(signal?: AbortSignal): Promise<void>;
  /** Resolves when `count` have come, in all. */
  arrived(count?: number): Promise<void>;
  readonly arrivedCount: number;
  /** Lets all pass, those to come as well. */
  open(): void;
}

export function createGate(): Gate {
  const opened = createDeferred<void>();
  const watchers = new Set<() => void>();
  let arrivedCount = 0;
  return {
    get arrivedCount() {
      return arrivedCount;
    },
    async pass(signal) {
      arrivedCount++;
      for (const watch of watchers) watch();
      await (signal === undefined
        ? opened.promise
        : Promise.race([opened.promise, untilAborted(signal)]));
    },
    arrived: (count = 1) =>
      new Promise((resolve) => {
        const watch = (): void => {
          if (arrivedCount < count) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
      }),
    open: () => opened.resolve(),
  };
}

/** Rejects with the signal's reason once it is aborted. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}
