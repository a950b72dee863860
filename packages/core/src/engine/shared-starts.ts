import { StoreConflictError, StoreUnavailableError } from "../errors/store-errors.ts";
import type { NewChain, StartResult, StateAdapter } from "../ports/state-adapter.ts";
import type { ChainInserter } from "./start-chains.ts";

interface Waiting {
  readonly chains: readonly NewChain[];
  readonly resolve: (results: readonly StartResult[]) => void;
  readonly reject: (error: unknown) => void;
}

/** The most chains that go into one statement. */
const chainCountMax = 1_000;

/**
 * Lets starts without a transaction of the user's share one: while an insert is in flight, others gather, and the next one carries them
 * all. Nothing waits for company. Where a shared insert throws, each caller's is tried alone, so that nobody pays for another's mistake.
 */
export function createChainInserter<TTransaction>(
  state: StateAdapter<TTransaction>,
): ChainInserter<TTransaction> {
  let waiting: Waiting[] = [];
  let isInFlight = false;

  const insertAlone = ({ chains, resolve, reject }: Waiting): Promise<void> =>
    state.startChains({ tx: undefined, chains }).then(resolve, reject);

  const insertTogether = async (batch: readonly Waiting[]): Promise<void> => {
    if (batch.length === 1) return insertAlone(batch[0]!);
    try {
      const results = await state.startChains({
        tx: undefined,
        chains: batch.flatMap(({ chains }) => chains),
      });
      let offset = 0;
      for (const { chains, resolve } of batch)
        resolve(results.slice(offset, (offset += chains.length)));
    } catch (error) {
      // A lost reply may have taken effect: tried again, a start would find its own chain and call it someone else's.
      const isAway = error instanceof StoreUnavailableError || error instanceof StoreConflictError;
      for (const caller of batch) {
        if (isAway) caller.reject(error);
        else await insertAlone(caller);
      }
    }
  };

  const run = async (): Promise<void> => {
    isInFlight = true;
    while (waiting.length > 0) {
      const batch = takeBatch(waiting);
      waiting = waiting.slice(batch.length);
      await insertTogether(batch);
    }
    isInFlight = false;
  };

  return (tx, chains) => {
    if (tx !== undefined) return state.startChains({ tx, chains });
    return new Promise((resolve, reject) => {
      waiting.push({ chains, resolve, reject });
      if (!isInFlight) void run();
    });
  };
}

/** The callers at the head of the line whose chains fit into one statement; at least one. */
function takeBatch(waiting: readonly Waiting[]): readonly Waiting[] {
  let count = 0;
  const end = waiting.findIndex(
    (caller, index) => (count += caller.chains.length) > chainCountMax && index > 0,
  );
  return end === -1 ? waiting : waiting.slice(0, end);
}
