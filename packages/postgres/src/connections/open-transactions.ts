import { AsyncLocalStorage } from "node:async_hooks";

/** A transaction of a store, as the asynchronous flow inside it sees it. What was begun inside may outlive it, and then finds it ended. */
interface OpenTransaction {
  readonly tx: object;
  /** The store that it is a transaction of. */
  readonly owner: object;
  /** The transaction, of another store, in which it was begun. */
  readonly enclosing: OpenTransaction | undefined;
  isOpen: boolean;
}

// One for the process and not one for each store: some versions of Node carry each storage along with every promise, for good.
const flow = new AsyncLocalStorage<OpenTransaction>();

/** Runs `run`, and all that it sets off, inside a transaction of a store. The transaction counts as ended when `run` settles. */
export async function runInside<TResult>(
  owner: object,
  tx: object,
  run: () => Promise<TResult>,
): Promise<TResult> {
  const transaction: OpenTransaction = {
    tx,
    owner,
    enclosing: openAncestor(flow.getStore()),
    isOpen: true,
  };
  try {
    return await flow.run(transaction, run);
  } finally {
    transaction.isOpen = false;
  }
}

/** Whether the caller is inside an open transaction of a store. */
export function isInside(owner: object): boolean {
  return innermost((transaction) => transaction.owner === owner)?.isOpen === true;
}

/** Whether `tx` belonged to a transaction that the caller was inside of and that has ended. A connection of a pool may be in another one by now. */
export function isOver(tx: object): boolean {
  return innermost((transaction) => transaction.tx === tx)?.isOpen === false;
}

function innermost(
  isMeant: (transaction: OpenTransaction) => boolean,
): OpenTransaction | undefined {
  let transaction = flow.getStore();
  while (transaction !== undefined && !isMeant(transaction)) transaction = transaction.enclosing;
  return transaction;
}

/** What has ended encloses nothing: kept, each transaction would hold on to all before it in its flow. */
function openAncestor(transaction: OpenTransaction | undefined): OpenTransaction | undefined {
  let ancestor = transaction;
  while (ancestor?.isOpen === false) ancestor = ancestor.enclosing;
  return ancestor;
}
