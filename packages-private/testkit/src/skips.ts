import type { ListedSkip } from "@queuert/conformance";

const listenerCountSkip: ListedSkip = {
  case: "B9: 10,000 subscriptions opened and closed leave no listeners",
  reason:
    "The adapter shows no count of its listeners. That closed subscriptions are not called stands in the case beside it.",
};

/** Both stores have one writer: what is not in its transaction may wait for it, as the port says. */
const oneWriterSkips: readonly ListedSkip[] = [
  "P3: an exchange does not wait for a user's transaction: what that one holds is deferred, the rest is settled",
  "P3: a job of an uncommitted start cannot be claimed while its transaction is open",
  "P3: a retirement does not wait for a user's transaction: what that one holds is left, the rest is retired",
].map((name) => ({
  case: name,
  reason: "The store has one writer, and operations of others wait for it.",
}));

/** Every case that the memory adapters leave out. */
export const memorySkips: readonly ListedSkip[] = [
  ...oneWriterSkips,
  listenerCountSkip,
  ...[
    "P1: a start and the user's own row commit together, and roll back together",
    "P2: a settlement and the user's own row commit together, and roll back together",
  ].map((name) => ({ case: name, reason: "The memory store holds no rows of the user." })),
  ...[
    "C13: eight sessions migrate an empty store at once, and one of them does it",
    "C13: an operation on a store without tables throws StoreSetupError",
  ].map((name) => ({ case: name, reason: "The memory store has no schema." })),
  {
    case: "P4: jobs whose worker's row is gone are reaped",
    reason: "Nothing but the adapter itself can delete a worker from the memory store.",
  },
];

/** Every case that the SQLite adapters leave out. */
export const sqliteSkips: readonly ListedSkip[] = [...oneWriterSkips, listenerCountSkip];

/** Every case that the PostgreSQL adapters leave out. */
export const postgresSkips: readonly ListedSkip[] = [];

/** Every case that the PostgreSQL notify adapters leave out. */
export const postgresNotifySkips: readonly ListedSkip[] = [listenerCountSkip];

/** Every case that PGlite leaves out: it has one connection, and whoever is not in the open transaction waits for it. */
export const pgliteSkips: readonly ListedSkip[] = [
  ...oneWriterSkips,
  ...["P1: what a transaction wrote is seen in it, and by nobody else before the commit"].map(
    (name) => ({ case: name, reason: "The store has one connection, and reads wait for it, too." }),
  ),
];
