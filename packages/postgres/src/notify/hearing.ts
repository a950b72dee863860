import { StoreUnavailableError, type Chance, type Clock } from "queuert/adapter";

import { createDeferred } from "./deferred.ts";
import { encodeProbe, type Key } from "./topic-keys.ts";
import { atMost, pause } from "./waits.ts";

export interface ListenParams {
  readonly signal: AbortSignal;
  readonly onKeys: (keys: readonly Key[]) => void;
  readonly onEnd: (error: unknown) => void;
}

export interface HearingOptions {
  readonly clock: Clock;
  readonly chance: Chance;
  /** How long the connection, and then the message of a self-test, may take, in ms. */
  readonly timeoutMs: number;
  /** Opens the connection and listens, as `PostgresListener.listen`. */
  readonly listen: (params: ListenParams) => Promise<void>;
  /** Publishes in the way that wake-ups go. */
  readonly publish: (keys: readonly Key[]) => Promise<void>;
  /** Called with whatever is heard. */
  readonly onKeys: (keys: readonly Key[]) => void;
}

/** One connection that listens. All waits reject when it ends. */
export interface Hearing {
  /** Publishes a message, and resolves when it is heard. */
  test(): Promise<void>;
  /** Resolves when nothing was heard for that long. */
  silence(durationMs: number): Promise<void>;
}

/** Opens a connection that lives until `controller` aborts, which it does itself when it is lost. */
export async function openHearing(
  options: HearingOptions,
  controller: AbortController,
): Promise<Hearing> {
  const { clock, chance, timeoutMs } = options;
  const { signal } = controller;
  const probes = new Map<Key, () => void>();
  let heardAtMs = clock.monotonicNow();

  const listening = options.listen({
    signal,
    onKeys(keys) {
      heardAtMs = clock.monotonicNow();
      for (const key of keys) probes.get(key)?.();
      options.onKeys(keys);
    },
    onEnd: (error) => controller.abort(createConnectionError(error)),
  });
  try {
    await atMost(clock, timeoutMs, signal, listening, () => createConnectionError(undefined));
  } catch (error) {
    throw error instanceof StoreUnavailableError ? error : createConnectionError(error);
  }

  return {
    async test() {
      const key = encodeProbe(Buffer.from(chance.bytes(12)).toString("base64url"));
      const heard = createDeferred<void>();
      probes.set(key, () => heard.resolve());
      try {
        await options.publish([key]);
        await atMost(clock, timeoutMs, signal, heard.promise, () => createUnheardError(timeoutMs));
      } finally {
        probes.delete(key);
      }
    },
    async silence(durationMs) {
      for (;;) {
        const leftMs = heardAtMs + durationMs - clock.monotonicNow();
        if (leftMs <= 0) return;
        await pause(clock, leftMs, signal);
      }
    },
  };
}

function createConnectionError(cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError(
    "The connection that listens for wake-ups cannot be made, or is lost. Polling finds what they would tell.",
    { cause },
  );
}

function createUnheardError(timeoutMs: number): StoreUnavailableError {
  return new StoreUnavailableError(
    `PostgreSQL accepted LISTEN and NOTIFY, but nothing was heard within ${timeoutMs} ms. If a pooler in transaction mode stands between, let the listener connect past it.`,
  );
}
