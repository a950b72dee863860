import {
  formatJobId,
  type ActionResult,
  type ExchangeParams,
  type StateAdapter,
} from "queuert/adapter";
import type { MemoryTransaction } from "queuert/testing";
import { tokenOf, type Model } from "./model.ts";

type Note = () => void;

/**
 * The database, with a witness: tells the model of every operation that has committed, in the order of the commits, and lets `afterCommit` look
 * before the next one may write. What is written in a transaction is told at its commit, or never.
 */
export function createRecordingStateAdapter(
  inner: StateAdapter<MemoryTransaction>,
  model: Model,
  nowMs: () => number,
  afterCommit: (operation: string, isChange: boolean) => Promise<void>,
): StateAdapter<MemoryTransaction> {
  const notesOfTransactions = new WeakMap<MemoryTransaction, Note[]>();
  const alone = createLock();

  const readNow = (): number => {
    const atMs = nowMs();
    model.sawTime(atMs);
    return atMs;
  };

  /** `isChange`: whether it wrote anything that a look could see. */
  const write = <TResult>(
    operation: string,
    tx: MemoryTransaction | undefined,
    run: () => Promise<TResult>,
    note: (result: TResult, atMs: number) => void,
    isChange: (result: TResult) => boolean = () => true,
  ): Promise<TResult> => {
    if (tx !== undefined) {
      return run().then((result) => {
        const atMs = readNow();
        notesOfTransactions.get(tx)?.push(() => note(result, atMs));
        return result;
      });
    }
    return alone(async () => {
      const result = await run();
      note(result, readNow());
      await afterCommit(operation, isChange(result));
      return result;
    });
  };

  return {
    ...inner,
    transaction: (run) =>
      alone(async () => {
        const notes: Note[] = [];
        const result = await inner.transaction((tx) => {
          notesOfTransactions.set(tx, notes);
          return run(tx);
        });
        for (const note of notes) note();
        await afterCommit("transaction", true);
        return result;
      }),
    savepoint: async (tx, run) => {
      const notes = notesOfTransactions.get(tx);
      const mark = notes?.length ?? 0;
      try {
        return await inner.savepoint(tx, run);
      } catch (error) {
        if (notes !== undefined) notes.length = mark;
        throw error;
      }
    },

    startChains: (params) =>
      write(
        "startChains",
        params.tx,
        () => inner.startChains(params),
        (results, atMs) => model.startChains(params.chains, results, atMs),
      ),
    exchange: (params) =>
      write(
        describeExchange(params),
        undefined,
        () => inner.exchange(params),
        (result, atMs) => model.exchange(params, result, atMs),
        ({ claimed }) => claimed.length + params.settlements.length + params.started.length > 0,
      ),
    settle: (params) =>
      write(
        "settle",
        params.tx,
        () => inner.settle(params),
        (verdicts, atMs) => model.settle(params.workerId, params.settlements, verdicts, atMs),
      ),
    registerWorker: (worker) =>
      write(
        `registerWorker ${worker.workerId} ${worker.name}`,
        undefined,
        () => inner.registerWorker(worker),
        (_, atMs) => model.registerWorker(worker.workerId, worker.leaseMs, atMs),
      ),
    renew: (params) =>
      write(
        `renew of ${params.workerId}: holds ${params.held.map(tokenOf).join(", ")}`,
        undefined,
        () => inner.renew(params),
        (result, atMs) => model.renew(params, result, atMs),
        ({ releasedCount }) => releasedCount + params.started.length > 0,
      ),
    removeWorker: (params) =>
      write(
        `removeWorker ${params.workerId}`,
        undefined,
        () => inner.removeWorker(params),
        () => model.removeWorker(params.workerId),
      ),
    reap: (params) =>
      write(
        "reap",
        undefined,
        () => inner.reap(params),
        (result, atMs) => model.reap(params.attemptLimits, result, atMs),
        ({ reaped }) => reaped.length > 0,
      ),
    promote: (params) =>
      write(
        "promote",
        undefined,
        () => inner.promote(params),
        () => {},
        ({ promoted }) => promoted.length > 0,
      ),
    completeChains: (params) =>
      write(
        "completeChains",
        params.tx,
        () => inner.completeChains(params),
        (results) => model.completeChains(params.items, results),
      ),
    cancel: (params) =>
      write(
        "cancel",
        params.tx,
        () => inner.cancel(params),
        (results) => model.cancel(results),
      ),
    redrive: (params) =>
      write(
        "redrive",
        params.tx,
        () => inner.redrive(params),
        (results) => model.redrive(doneOf(results, "redriven").map(({ chainId }) => chainId)),
      ),
    trigger: (params) =>
      write(
        "trigger",
        params.tx,
        () => inner.trigger(params),
        (results) => model.noteJobs("job.triggered", jobIdsOf(doneOf(results, "triggered"))),
      ),
    reschedule: (params) =>
      write(
        "reschedule",
        params.tx,
        () => inner.reschedule(params),
        (results) => model.noteJobs("job.rescheduled", jobIdsOf(doneOf(results, "rescheduled"))),
      ),
    deleteChains: (params) =>
      write(
        "deleteChains",
        params.tx,
        () => inner.deleteChains(params),
        (results) => model.deleteChains(results),
      ),
    retireChains: (params) =>
      write(
        "retireChains",
        undefined,
        () => inner.retireChains(params),
        (result, atMs) => model.retireChains(params.rules, result, atMs),
        ({ retired }) => retired.length > 0,
      ),
    setTypesPaused: (params) =>
      write(
        "setTypesPaused",
        params.tx,
        () => inner.setTypesPaused(params),
        () => model.setTypesPaused(params.types, params.isPaused),
      ),
  };
}

function describeExchange({ workerId, settlements, started, claim }: ExchangeParams): string {
  const settled = settlements
    .map((settlement) => `${tokenOf(settlement)} ${settlement.outcome.kind}`)
    .join(", ");
  const wanted =
    claim === undefined
      ? ""
      : `; claims ${claim.slots} + ${claim.ahead} of ${claim.types.map(({ type, limit }) => `${type} (${limit})`).join(", ")}`;
  return `exchange of ${workerId}: settles ${settled}; starts ${started.map(tokenOf).join(", ")}${wanted}`;
}

function doneOf<TOutcome extends string>(
  results: readonly ActionResult<TOutcome>[],
  outcome: TOutcome,
): readonly ActionResult<TOutcome>[] {
  return results.filter((result) => result.outcome === outcome);
}

function jobIdsOf(results: readonly ActionResult<string>[]): readonly string[] {
  return results.flatMap(({ job }) => (job === undefined ? [] : [formatJobId(job)]));
}

/** Runs one after the other, in the order of asking. */
function createLock(): <TResult>(run: () => Promise<TResult>) => Promise<TResult> {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const next = last.then(run, run);
    last = next.catch(() => {});
    return next;
  };
}
