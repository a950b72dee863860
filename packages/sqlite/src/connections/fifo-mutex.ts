/** Runs tasks one after another, in the order in which they came. */
export interface FifoMutex {
  /** Runs `task` when all before it have ended, however they ended. */
  run<TResult>(task: () => TResult | Promise<TResult>): Promise<TResult>;
}

export function createFifoMutex(): FifoMutex {
  let tail: Promise<unknown> = Promise.resolve();
  return {
    run(task) {
      // In the caller's async context, which an enclosing transaction is recognised by.
      const result = tail.then(task);
      tail = result.catch(() => undefined);
      return result;
    },
  };
}
