/** Which chains an action on a set of chains takes with it, or leaves. */
export interface ChainClosure {
  /** Chains beyond those asked for, in the order of their ids; none without `isCascade`. */
  readonly added: readonly string[];
  /** Chains left alone, with the chains outside that hold on to them, in the order of their ids. */
  readonly refused: ReadonlyMap<string, readonly string[]>;
}

/**
 * Decides about a set of chains of which each may be held on to by others. With `isCascade` the holders come along, and theirs; without, a
 * chain is refused that is held by one that stays, and so are those that it holds on to itself.
 */
export function closeOverHolders(params: {
  readonly chainIds: ReadonlySet<string>;
  readonly holdersOf: (chainId: string) => readonly string[];
  readonly isCascade: boolean;
}): ChainClosure {
  return params.isCascade
    ? withHolders(params.chainIds, params.holdersOf)
    : withoutHeld(params.chainIds, params.holdersOf);
}

function withHolders(
  chainIds: ReadonlySet<string>,
  holdersOf: (chainId: string) => readonly string[],
): ChainClosure {
  const reached = new Set(chainIds);
  // A set is walked on to what is added to it meanwhile.
  for (const chainId of reached) for (const holder of holdersOf(chainId)) reached.add(holder);
  const added = [...reached].filter((chainId) => !chainIds.has(chainId)).toSorted();
  return { added, refused: new Map() };
}

function withoutHeld(
  chainIds: ReadonlySet<string>,
  holdersOf: (chainId: string) => readonly string[],
): ChainClosure {
  const taken = new Set(chainIds);
  let isStable = false;
  while (!isStable) {
    const held = [...taken].filter((chainId) =>
      holdersOf(chainId).some((holder) => !taken.has(holder)),
    );
    for (const chainId of held) taken.delete(chainId);
    isStable = held.length === 0;
  }
  const refused = new Map<string, readonly string[]>();
  for (const chainId of chainIds) {
    if (!taken.has(chainId))
      refused.set(
        chainId,
        holdersOf(chainId)
          .filter((holder) => !taken.has(holder))
          .toSorted(),
      );
  }
  return { added: [], refused };
}
