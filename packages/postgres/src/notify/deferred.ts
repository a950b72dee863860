/** A promise that is settled from outside. */
export interface Deferred<TResult> {
  readonly promise: Promise<TResult>;
  readonly resolve: (result: TResult) => void;
  readonly reject: (error: unknown) => void;
}

export function createDeferred<TResult>(): Deferred<TResult> {
  let settle: Pick<Deferred<TResult>, "resolve" | "reject"> | undefined;
  const promise = new Promise<TResult>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle! };
}
