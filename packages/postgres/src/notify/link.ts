import { createDeferred } from "./deferred.ts";
import { openHearing, type HearingOptions } from "./hearing.ts";
import { pause } from "./waits.ts";

/** The pauses between attempts. A connection that lasts longer than the longest of them begins them anew; one that comes and goes does not. */
const backoffMs = { initial: 200, max: 60_000 };

export interface LinkOptions extends HearingOptions {
  /** How long nothing may be heard until a self-test, in ms. */
  readonly selfTestIntervalMs: number;
  /** Whether anybody wants to hear. */
  readonly isNeeded: () => boolean;
  /** Called when an outage begins, and when it ends. */
  readonly onChange: () => void;
}

/** The connection of an adapter on which it hears, made again whenever it is lost. */
export interface Link {
  /** Why notifications may not be heard at present; `undefined` while they are, and while it is not known. */
  readonly outage: Error | undefined;
  /** Begins to listen, if that has not begun. Resolves when notifications are heard, or are known not to be. */
  open(): Promise<void>;
  /** Ends the connection, and all attempts at one. */
  close(): void;
}

/**
 * States: idle (nobody subscribes) → trying → proven → trying …
 *
 * *Trying*: a connection is opened, LISTEN is sent, and a self-test follows: a message that is published in the way of wake-ups has to be
 * heard. LISTEN alone proves nothing, since a pooler in transaction mode answers it and delivers nothing (trap B2). What fails begins an
 * outage; the next attempt comes after a pause that grows (trap B3).
 *
 * *Proven*: whatever is heard proves the connection. When nothing was heard for a while, a self-test does. A connection that ends, or on
 * which the test is not heard, as on one that is half open (trap B1), is given up, and the outage begins.
 *
 * From proven it becomes idle when a while has passed in silence and nobody subscribes any more.
 */
export function createLink(options: LinkOptions): Link {
  const { clock, chance, selfTestIntervalMs, isNeeded, onChange } = options;
  const closing = new AbortController();
  let connection: AbortController | undefined;
  let outage: Error | undefined;
  /** Of the state that the first attempt leads to; `undefined` when idle. */
  let known: Promise<void> | undefined;

  const setOutage = (error: Error | undefined): void => {
    const isChange = (error === undefined) !== (outage === undefined);
    outage = error;
    if (isChange) onChange();
  };

  /** Resolves when the link has become idle; rejects when the attempt fails, or the proven connection does. */
  const tryOnce = async (controller: AbortController, onProven: () => void): Promise<void> => {
    const hearing = await openHearing(options, controller);
    await hearing.test();
    onProven();
    for (;;) {
      await hearing.silence(selfTestIntervalMs);
      if (!isNeeded()) {
        // In the turn in which nobody subscribes: whoever comes later begins again.
        known = undefined;
        return;
      }
      await hearing.test();
    }
  };

  const run = async (onKnown: () => void): Promise<void> => {
    for (let failureCount = 0; ; failureCount += 1) {
      const controller = new AbortController();
      connection = controller;
      let provenAtMs = Infinity;
      try {
        await tryOnce(controller, () => {
          provenAtMs = clock.monotonicNow();
          setOutage(undefined);
          onKnown();
        });
        return;
      } catch (error) {
        if (closing.signal.aborted) return;
        setOutage(error as Error);
        onKnown();
      } finally {
        controller.abort();
      }
      if (clock.monotonicNow() - provenAtMs > backoffMs.max) failureCount = 0;
      const fullMs = Math.min(backoffMs.max, backoffMs.initial * 2 ** failureCount);
      await pause(clock, fullMs * (0.5 + 0.5 * chance.fraction()), closing.signal);
    }
  };

  const start = async (): Promise<void> => {
    const first = createDeferred<void>();
    // It rejects only when it is closed.
    run(first.resolve).then(first.resolve, first.resolve);
    return first.promise;
  };

  return {
    get outage() {
      return outage;
    },
    async open() {
      known ??= start();
      return known;
    },
    close() {
      closing.abort();
      connection?.abort();
    },
  };
}
