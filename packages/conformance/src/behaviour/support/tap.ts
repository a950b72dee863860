import { createDeferred } from "../../support/deferred.ts";

/** One call of an adapter, on its way. */
export interface TappedCall {
  readonly operation: string;
  readonly params: unknown;
  /** Makes the call. May be left out, made late, or made although the answer is kept back. */
  readonly proceed: () => Promise<unknown>;
}

export type Interceptor = (call: TappedCall) => Promise<unknown>;

/** Where a case listens in on an adapter and gets in its way. */
export interface Tap {
  /** How often an operation was called. */
  count(operation: string): number;
  /** Resolves with the answer of the next call that begins from here on and succeeds. */
  next(operation: string, matches?: (params: never) => boolean): Promise<unknown>;
  /** Puts `interceptor` before the adapter, until the returned function is called. One at a time. */
  intercept(interceptor: Interceptor): () => void;
  /** Stops answering, as a process that is gone: calls hang until `thaw`. Resolves nothing and rejects nothing. */
  freeze(): void;
  /** Lets the calls that hang go on to the adapter. */
  thaw(): void;
}

interface Expectation {
  readonly operation: string;
  readonly matches: (params: never) => boolean;
  readonly resolve: (answer: unknown) => void;
}

/** Wraps an adapter. Its transactions, subscriptions and errors are handed through as they are. */
export function tapAdapter<TAdapter extends object>(
  adapter: TAdapter,
): { readonly adapter: TAdapter; readonly tap: Tap } {
  const counts = new Map<string, number>();
  const expectations = new Set<Expectation>();
  let interceptor: Interceptor | undefined;
  let frozen: { readonly promise: Promise<void>; resolve(value: void): void } | undefined;

  const call = async (
    operation: string,
    params: unknown,
    proceed: () => Promise<unknown>,
  ): Promise<unknown> => {
    counts.set(operation, (counts.get(operation) ?? 0) + 1);
    const expected = [...expectations].filter(
      (candidate) => candidate.operation === operation && candidate.matches(params as never),
    );
    await frozen?.promise;
    const answer = await (interceptor === undefined
      ? proceed()
      : interceptor({ operation, params, proceed }));
    for (const expectation of expected) {
      expectations.delete(expectation);
      expectation.resolve(answer);
    }
    return answer;
  };

  const tapped = new Proxy(adapter, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function" || typeof key !== "string") return value;
      return (...given: unknown[]) =>
        call(key, given[0], async () =>
          (value as (...all: unknown[]) => unknown).apply(target, given),
        );
    },
  });
  return {
    adapter: tapped,
    tap: {
      count: (operation) => counts.get(operation) ?? 0,
      next: (operation, matches = () => true) =>
        new Promise((resolve) => expectations.add({ operation, matches, resolve })),
      intercept(given) {
        interceptor = given;
        return () => {
          interceptor = undefined;
        };
      },
      freeze() {
        frozen ??= createDeferred<void>();
      },
      thaw() {
        frozen?.resolve();
        frozen = undefined;
      },
    },
  };
}
