import { isStoreAway } from "../errors/is-store-away.ts";
import type { NewChain, StartResult, StateAdapter } from "../ports/state-adapter.ts";
import type { ChainInserter } from "./start-chains.ts";

/** What a caller that waits is told: to insert for all that wait, to insert for itself alone, or what came of its chains. */
type Turn =
  | { readonly kind: "lead" }
  | { readonly kind: "alone" }
  | { readonly kind: "inserted"; readonly results: readonly StartResult[] }
  | { readonly kind: "failed"; readonly error: unknown };

interface Caller {
  readonly chains: readonly NewChain[];
  readonly tell: (turn: Turn) => void;
}

/** The most chains that go into one statement. */
const chainCountMax = 1_000;

/**
 * Lets starts without a transaction of the user's share one: while an insert is in flight, others gather, and the first of them then inserts for
 * all. Nothing waits for company. Where a shared insert is refused, each caller tries alone, so that nobody pays for another's mistake.
 *
 * Each insert runs in the asynchronous flow of a caller that takes part in it, and a refused one again in each caller's own: an adapter tells by the flow
 * whether a call stands inside an open transaction (trap C5).
 */
export function createChainInserter<TTransaction>(
  state: StateAdapter<TTransaction>,
): ChainInserter<TTransaction> {
  let waiting: Caller[] = [];
  let isInFlight = false;

  const insertAlone = (chains: readonly NewChain[]): Promise<readonly StartResult[]> =>
    state.startChains({ tx: undefined, chains });

  const passOn = (): void => {
    const [next] = waiting;
    isInFlight = next !== undefined;
    waiting = waiting.slice(1);
    next?.tell({ kind: "lead" });
  };

  const lead = async (chains: readonly NewChain[]): Promise<readonly StartResult[]> => {
    const others = takeBatch(waiting, chainCountMax - chains.length);
    waiting = waiting.slice(others.length);
    if (others.length === 0) return insertAlone(chains);
    try {
      const all = [chains, ...others.map((caller) => caller.chains)];
      const results = await insertAlone(all.flat());
      let offset = chains.length;
      for (const { chains: own, tell } of others) {
        tell({ kind: "inserted", results: results.slice(offset, (offset += own.length)) });
      }
      return results.slice(0, chains.length);
    } catch (error) {
      // A lost reply may have taken effect: tried again, a start would find its own chain and call it someone else's.
      const isAway = isStoreAway(error);
      for (const { tell } of others) tell(isAway ? { kind: "failed", error } : { kind: "alone" });
      if (isAway) throw error;
      return insertAlone(chains);
    }
  };

  return async (tx, chains) => {
    if (tx !== undefined) return state.startChains({ tx, chains });
    let turn: Turn = { kind: "lead" };
    if (isInFlight) turn = await new Promise<Turn>((tell) => waiting.push({ chains, tell }));
    switch (turn.kind) {
      case "inserted":
        return turn.results;
      case "failed":
        throw turn.error;
      case "alone":
        return insertAlone(chains);
      case "lead":
        isInFlight = true;
        try {
          return await lead(chains);
        } finally {
          passOn();
        }
    }
  };
}

/** The callers at the head of the line whose chains fit into the room that is left. */
function takeBatch(waiting: readonly Caller[], room: number): readonly Caller[] {
  let count = 0;
  const end = waiting.findIndex((caller) => (count += caller.chains.length) > room);
  return end === -1 ? waiting : waiting.slice(0, end);
}
