/** The transactions that a provider has begun, for libraries that do not tell whether one of theirs is open. */
export interface BegunTransactions<TTransaction extends object> {
  /** Runs `run` with `tx`, which is open until `run` settles. */
  run<TResult>(tx: TTransaction, run: (tx: TTransaction) => Promise<TResult>): Promise<TResult>;
  /** `undefined` for what the provider did not begin. */
  isOpen(tx: TTransaction): boolean | undefined;
}

export function createBegunTransactions<
  TTransaction extends object,
>(): BegunTransactions<TTransaction> {
  const states = new WeakMap<TTransaction, { isOpen: boolean }>();
  return {
    async run(tx, run) {
      const state = { isOpen: true };
      states.set(tx, state);
      try {
        return await run(tx);
      } finally {
        state.isOpen = false;
      }
    },
    isOpen: (tx) => states.get(tx)?.isOpen,
  };
}
