/** Which of the chains asked for an action reaches, when it may not leave a chain behind that needs them. */
export interface Selection {
  /** Those beyond what was asked for, in the order of their ids; none without `isCascade`. */
  readonly added: readonly string[];
  /** Asked for and left out, with the chains that need them and stay. */
  readonly refused: ReadonlyMap<string, readonly string[]>;
}

/**
 * Decides about a list of chains as a whole: a chain is refused while one that follows it stays, and refusing it may refuse others. With
 * `isCascade` the followers come along instead.
 */
export function selectWithFollowers(
  asked: ReadonlySet<string>,
  listFollowers: (chainId: string) => readonly string[],
  isCascade: boolean,
): Selection {
  const chosen = new Set(asked);
  const refused = new Map<string, readonly string[]>();
  if (isCascade) {
    // A Set goes on to what is added while it is walked.
    for (const chainId of chosen)
      for (const follower of listFollowers(chainId)) chosen.add(follower);
    return { added: [...chosen].filter((chainId) => !asked.has(chainId)).toSorted(), refused };
  }
  const followers = new Map([...asked].map((chainId) => [chainId, listFollowers(chainId)]));
  for (let isStable = false; !isStable;) {
    isStable = true;
    for (const chainId of chosen) {
      if (followers.get(chainId)!.every((follower) => chosen.has(follower))) continue;
      chosen.delete(chainId);
      isStable = false;
    }
  }
  for (const [chainId, all] of followers) {
    if (!chosen.has(chainId))
      refused.set(
        chainId,
        all.filter((follower) => !chosen.has(follower)),
      );
  }
  return { added: [], refused };
}
