import { StoreUnavailableError, type Clock } from "queuert/adapter";

import { createDeferred, type Deferred } from "./deferred.ts";
import { everythingKey, isProbe, type Key } from "./topic-keys.ts";
import { atMost } from "./waits.ts";

/** Above this many keys, a message to everybody is as good, and what gathers in an outage stays bounded. */
const keyCountMax = 10_000;

/**
 * How long to wait after a batch before the next, in ms. In a burst of starts, one after another, each would be followed by a statement of its own, and commits
 * with a NOTIFY pass one by one in the whole cluster.
 */
const restMs = 5;

/**
 * Publishes one batch after another. What comes when nothing is under way goes at once; what comes in a burst gathers, each key once, until the batch before
 * has been answered and a rest is over.
 */
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
  let restsUntilMs = 0;

  const sendAll = async (): Promise<void> => {
    while (gathering !== undefined) {
      const leftMs = restsUntilMs - clock.monotonicNow();
      if (leftMs > 0) await restInForeground(clock, leftMs);
      const { keys, sent } = gathering;
      gathering = undefined;
      await atMost(clock, timeoutMs, undefined, send([...keys]), createTimeoutError).then(
        sent.resolve,
        sent.reject,
      );
      restsUntilMs = clock.monotonicNow() + restMs;
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

/** A process that ends as soon as it has nothing to do has told of its starts before. */
async function restInForeground(clock: Clock, leftMs: number): Promise<void> {
  // Timers cut off what is less than a ms.
  await new Promise<void>((resolve) => void clock.schedule(Math.ceil(leftMs), resolve));
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
