import { AwaitChainTimeoutError, ChainNotFoundError } from "../errors/chain-errors.ts";
import { LifecycleError } from "../errors/machine-errors.ts";
import type { Timer } from "../ports/clock.ts";
import type { ChainRecord } from "../ports/state-reads.ts";
import type { EngineContext } from "./context.ts";

/** How one call waits. */
export interface WaitOptions {
  readonly chainId: string;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly pollIntervalMs: number;
}

/** Waits for chains to close. One for each client: all that are due to be looked at are read together. */
export interface ChainWaiter {
  /** Resolves with the record of a chain that has closed. Looks when the subscription stands, so that a close between the two is not missed (trap B6). */
  wait(options: WaitOptions): Promise<ChainRecord>;
  /** Ends all waits with a `LifecycleError`. */
  close(): Promise<void>;
}

interface Waiting {
  readonly chainId: string;
  readonly pollIntervalMs: number;
  isDue: boolean;
  pollTimer: Timer | undefined;
  readonly end: (result: { record: ChainRecord } | { error: unknown }) => void;
}

export function createChainWaiter<TTransaction>(context: EngineContext<TTransaction>): ChainWaiter {
  return new SharedChainWaiter(context);
}

class SharedChainWaiter<TTransaction> implements ChainWaiter {
  readonly #context: EngineContext<TTransaction>;
  readonly #waiting = new Set<Waiting>();
  #isReading = false;
  #isClosed = false;

  constructor(context: EngineContext<TTransaction>) {
    this.#context = context;
  }

  async wait(options: WaitOptions): Promise<ChainRecord> {
    if (this.#isClosed)
      throw new LifecycleError("The client is closed. Await chains before client.close().");
    options.signal?.throwIfAborted();
    const { clock } = this.#context;
    const cleanups: (() => void)[] = [];
    try {
      return await new Promise<ChainRecord>((resolve, reject) => {
        const { chainId, timeoutMs, pollIntervalMs, signal } = options;
        const waiting: Waiting = {
          chainId,
          pollIntervalMs,
          isDue: false,
          pollTimer: undefined,
          end: (result) => ("record" in result ? resolve(result.record) : reject(result.error)),
        };
        this.#waiting.add(waiting);
        cleanups.push(() => this.#remove(waiting));
        this.#pollLater(waiting);
        const topics = [{ kind: "chain" as const, chainId }];
        const subscription = this.#context.channel.subscribe(topics, () => this.#look(waiting));
        cleanups.push(() => subscription.end());
        if (timeoutMs !== undefined) {
          const error = new AwaitChainTimeoutError({ chainId, timeoutMs });
          const timer = clock.schedule(timeoutMs, () => reject(error));
          cleanups.push(() => timer.cancel());
        }
        const onAbort = (): void => reject(signal?.reason);
        signal?.addEventListener("abort", onAbort, { once: true });
        cleanups.push(() => signal?.removeEventListener("abort", onAbort));
      });
    } finally {
      for (const cleanup of cleanups) cleanup();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const waiting of this.#waiting)
      waiting.end({
        error: new LifecycleError(
          `The client was closed while "${waiting.chainId}" was awaited. The chain goes on.`,
        ),
      });
  }

  #remove(waiting: Waiting): void {
    waiting.pollTimer?.cancel();
    this.#waiting.delete(waiting);
  }

  #look(waiting: Waiting): void {
    if (!this.#waiting.has(waiting)) return;
    waiting.isDue = true;
    waiting.pollTimer?.cancel();
    if (!this.#isReading) {
      this.#isReading = true;
      this.#context.clock.defer(() => void this.#readDue());
    }
  }

  async #readDue(): Promise<void> {
    const due = [...this.#waiting].filter((waiting) => waiting.isDue).slice(0, 500);
    for (const waiting of due) waiting.isDue = false;
    try {
      const records = await this.#context.state.getChains({
        tx: undefined,
        chainIds: due.map(({ chainId }) => chainId),
      });
      due.forEach((waiting, index) => this.#answer(waiting, records[index]));
    } catch {
      // The database is away: each looks again at its next poll.
      for (const waiting of due) this.#pollLater(waiting);
    }
    this.#isReading = false;
    const next = [...this.#waiting].find((waiting) => waiting.isDue);
    if (next !== undefined) this.#look(next);
  }

  #answer(waiting: Waiting, record: ChainRecord | undefined): void {
    if (record === undefined)
      waiting.end({ error: new ChainNotFoundError({ chainId: waiting.chainId }) });
    else if (record.status === "open") this.#pollLater(waiting);
    else waiting.end({ record });
  }

  #pollLater(waiting: Waiting): void {
    if (!this.#waiting.has(waiting)) return;
    const { channel, clock, chance } = this.#context;
    waiting.pollTimer?.cancel();
    waiting.pollTimer = clock.schedule(
      channel.pollIntervalMs(waiting.pollIntervalMs) * (0.8 + 0.4 * chance.fraction()),
      () => this.#look(waiting),
    );
  }
}
