/** Lets the users of one connection come to it one after another, in the order in which they asked. */
export interface ConnectionTurns {
  /** Runs `task` when all before it have ended, however they ended. */
  run<TResult>(task: () => Promise<TResult>): Promise<TResult>;
}

export function createConnectionTurns(): ConnectionTurns {
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
