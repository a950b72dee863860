import { AsyncLocalStorage } from "node:async_hooks";

/** A transaction of the user, as the asynchronous flow inside it sees it. What was begun inside may outlive it, and then finds it ended. */
interface OpenTransaction {
  /** The store that it is a transaction of. */
  readonly owner: object;
  /** The transaction, of another store, in which it was begun. */
  readonly enclosing: OpenTransaction | undefined;
  isOpen: boolean;
}

// One for the process and not one for each store: some versions of Node carry each storage along with every promise, for good.
const flow = new AsyncLocalStorage<OpenTransaction>();

/** Runs `run`, and all that it sets off, inside a transaction of a store. The transaction counts as ended when `run` settles. */
export async function runEnclosed<TResult>(
  owner: object,
  run: () => Promise<TResult>,
): Promise<TResult> {
  const enclosing = openAncestor(flow.getStore());
  const transaction: OpenTransaction = { owner, enclosing, isOpen: true };
  try {
    return await flow.run(transaction, run);
  } finally {
    transaction.isOpen = false;
  }
}

/** The innermost transaction of a store that the caller is inside of, open or ended. */
export function enclosingTransaction(owner: object): { readonly isOpen: boolean } | undefined {
  let transaction = flow.getStore();
  while (transaction !== undefined && transaction.owner !== owner) {
    transaction = transaction.enclosing;
  }
  return transaction;
}

/** What has ended encloses nothing: kept, each transaction would hold on to all before it in its flow. */
function openAncestor(transaction: OpenTransaction | undefined): OpenTransaction | undefined {
  let ancestor = transaction;
  while (ancestor?.isOpen === false) ancestor = ancestor.enclosing;
  return ancestor;
}
