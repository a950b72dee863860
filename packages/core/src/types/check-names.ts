/** The name where it may be continued with; else the names that may, which feed completion, and a sentence. */
export type CheckName<TAll, TName> = TName extends keyof TAll
  ? TName
  : (keyof TAll & string) | `There is no job type "${TName & string}" to continue with.`;

/** The name where it can block; else the names that exist, which feed completion, and a sentence. */
export type CheckBlockerName<TAll, TName> = TName extends keyof TAll
  ? TAll[TName] extends { readonly entry: true }
    ? TName
    : `A blocker is a chain, and "${TName & string}" cannot start one: it lacks entry: true.`
  : (keyof TAll & string) | `There is no job type "${TName & string}" to wait for.`;

/** The sentence for a property that no definition has. */
export type UnknownKey<TKey> =
  `A job type has no "${TKey & string}". It has entry, input, output, continueWith and blockers.`;
