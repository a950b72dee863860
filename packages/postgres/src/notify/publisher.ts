import { StoreUnavailableError, type Clock } from "queuert/adapter";

import { createDeferred, type Deferred } from "./deferred.ts";
import { everythingKey, isProbe, type Key } from "./topic-keys.ts";
import { atMost } from "./waits.ts";

/** Above this many keys, a message to everybody is as good, and what gathers in an outage stays bounded. */
const keyCountMax = 10_000;

/** Publishes one batch after another: what comes while one is under way gathers, each key once, and goes with the next. No timer waits for a batch to fill. */
export interface Publisher {
  /** Resolves when the keys are handed over. Rejects when the database refuses them, or does not answer in time. */
  publish(keys: readonly Key[]): Promise<void>;
  /** Resolves when nothing is under way and nothing gathers. */
  idle(): Promise<void>;
}

export interface PublisherOptions {
  readonly clock: Clock;
  /** How long a batch may be under way, in ms. One that is not answered, as on a connection that is half open, holds up no later one. */
  readonly timeoutMs: number;
  readonly send: (keys: readonly Key[]) => Promise<void>;
}

interface Batch {
  readonly keys: Set<Key>;
  readonly sent: Deferred<void>;
}

export function createPublisher({ clock, timeoutMs, send }: PublisherOptions): Publisher {
  let gathering: Batch | undefined;
  let sending: Promise<void> | undefined;

  const sendAll = async (): Promise<void> => {
    for (let batch = gathering; batch !== undefined; batch = gathering) {
      gathering = undefined;
      const { keys, sent } = batch;
      await atMost(clock, timeoutMs, undefined, send([...keys]), createTimeoutError).then(
        sent.resolve,
        sent.reject,
      );
    }
    sending = undefined;
  };

  return {
    async publish(keys) {
      gathering ??= { keys: new Set(), sent: createDeferred() };
      addKeys(gathering.keys, keys);
      const { promise } = gathering.sent;
      sending ??= sendAll();
      return promise;
    },
    idle: async () => sending,
  };
}

function addKeys(gathered: Set<Key>, keys: readonly Key[]): void {
  if (gathered.size + keys.length <= keyCountMax) {
    for (const key of keys) gathered.add(key);
    return;
  }
  // Self-tests are few, and meant for one adapter alone.
  const probes = [...gathered, ...keys].filter(isProbe);
  gathered.clear();
  for (const key of [everythingKey, ...probes]) gathered.add(key);
}

function createTimeoutError(): Error {
  return new StoreUnavailableError(
    "PostgreSQL did not answer a NOTIFY in time. The wake-ups may be lost; polling finds what they tell.",
  );
}
