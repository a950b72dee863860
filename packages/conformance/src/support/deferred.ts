/** A promise that is settled from outside. */
export interface Deferred<TValue> {
  readonly promise: Promise<TValue>;
  resolve(value: TValue): void;
  reject(error: unknown): void;
}

export function createDeferred<TValue>(): Deferred<TValue> {
  let resolve!: (value: TValue) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<TValue>((resolvePromise, rejectPromise) => {
    resolve = resolvePromise;
    reject = rejectPromise;
  });
  return { promise, resolve, reject };
}
