import type { NotifyAdapter, StateAdapter } from "queuert/adapter";

import type { Capability, SuiteKind } from "./case.ts";

/** What the conformance suite needs of an adapter: stores to work on, and what can be shown of them. */
export interface ConformanceFixture {
  /** The name of the adapter and of its configuration, for reports: "sqlite (node:sqlite, default prefix)". */
  readonly name: string;
  /** The suites that the fixture can carry. `behaviour` needs state and notify adapters in its stores. */
  readonly kinds: readonly SuiteKind[];
  readonly capabilities: readonly Capability[];
  /** Every case that is not run, by name, with its reason. A case that is skipped without standing here fails the report; so does one that stands here and passes. */
  readonly skips: readonly ListedSkip[];
  /** An empty store of its own for each case: a new file, schema, database or hub. Stores may be used side by side. */
  createStore(): Promise<ConformanceStore>;
}

/** A case that is left out. */
export interface ListedSkip {
  readonly case: string;
  readonly reason: string;
}

/** How a session is opened. */
export interface OpenStateOptions {
  /** The database's clock, in ms since the epoch. Without it the adapter uses the database's own. */
  readonly clock?: (() => number) | undefined;
}

/** One installation of Queuert: a schema or a prefix in a database. */
export interface ConformanceInstallation {
  /**
   * Another session on this installation, as another process would have it: with a connection of its own. The suite migrates and closes it.
   */
  // oxlint-disable-next-line no-explicit-any -- StateAdapter is invariant in its transaction type, which is the adapter's own affair.
  openState?(options: OpenStateOptions): Promise<StateAdapter<any>>;
  /** Another notify session on this installation. The suite closes it. */
  openNotify?(): Promise<NotifyAdapter>;
  /** With the capability `listenerCount`: how many listeners the notify sessions of this installation have open. */
  countListeners?(): number;
  /** With the capability `workerRows`: deletes the row of a worker and nothing else. */
  deleteWorkerRow?(workerId: string): Promise<void>;
  /** With the capability `ownRows`: a table of the user in the same database. */
  readonly ownRows?: OwnRows;
}

/** The user's own table: one column of text. */
export interface OwnRows {
  insert(tx: unknown, text: string): Promise<void>;
  /** All committed rows. */
  list(): Promise<readonly string[]>;
}

/** A database with two installations in it that must not see each other (P9). */
export interface ConformanceStore extends ConformanceInstallation {
  readonly sibling: ConformanceInstallation;
  /** Frees what the store holds, when all sessions are closed. */
  dispose(): Promise<void>;
}
