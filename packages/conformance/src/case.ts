import type { Expect } from "./expect.ts";

/** What a suite is about: a state adapter alone, a notify adapter alone, or the engine on a pair of them. */
export type SuiteKind = "state" | "notify" | "behaviour";

/**
 * What a case needs beyond the port. A capability changes speed, latency or what can be *shown* of an adapter, never what the adapter
 * promises.
 *
 * - `concurrentReaders`: others read while a transaction is open. Without it they wait for its connection.
 * - `concurrentWriters`: two transactions may write different rows at once. Without it a second writer waits for the first.
 * - `ownRows`: the store has a table of the user, written in the adapter's transactions.
 * - `schema`: the store starts without tables, so that `migrate` has something to do.
 * - `workerRows`: the fixture can delete a worker's row behind the adapter's back.
 * - `listenerCount`: the fixture can count the listeners that its notify adapters have open.
 */
export type Capability =
  | "concurrentReaders"
  | "concurrentWriters"
  | "ownRows"
  | "schema"
  | "workerRows"
  | "listenerCount";

/** One promise of a port, shown. Independent of all other cases: it has a store of its own. */
export interface ConformanceCase<TContext> {
  /** Unique among all suites. Begins with the tags that it shows: "P1 F2: …". */
  readonly name: string;
  /** Promises (P1–P9) and traps (A1 …) that the case shows, as in its name. */
  readonly tags: readonly string[];
  readonly needs?: Capability | undefined;
  /** Resolves when the promise is kept; rejects with what was broken. */
  readonly run: (context: TContext, expect: Expect) => Promise<void>;
}

/** The cases of one operation or topic. */
export interface ConformanceSuite<TContext> {
  readonly kind: SuiteKind;
  readonly name: string;
  readonly cases: readonly ConformanceCase<TContext>[];
}

const tagPattern = /^(?:P\d|[A-F]\d{1,2}b?|G|Q\d{1,2})$/;

/** Makes a case. Its tags are the words before the first colon of its name, where all of them are tags. */
export function defineCase<TContext>(
  name: string,
  run: ConformanceCase<TContext>["run"],
  options: { readonly needs?: Capability } = {},
): ConformanceCase<TContext> {
  const head = name.slice(0, Math.max(0, name.indexOf(":"))).split(" ");
  const tags = head.every((word) => tagPattern.test(word)) ? head : [];
  return { name, tags, needs: options.needs, run };
}
