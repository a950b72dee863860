import type { OpenPostgresLibrary } from "../postgres-fixture.ts";

/** A client library with its provider, and what its users have beside it. */
export interface OpenProvider extends OpenPostgresLibrary {
  /** Runs work in a transaction that the library itself begins. */
  transaction<TResult>(run: (tx: unknown) => Promise<TResult>): Promise<TResult>;
  /** What users of the library hold outside of transactions. */
  readonly noTransactions: readonly unknown[];
}
