import {
  StoreConflictError,
  StoreUnavailableError,
  type ExchangeParams,
  type ExchangeResult,
  type StateAdapter,
} from "queuert/adapter";
import type { MemoryTransaction } from "queuert/testing";
import type { Faults } from "./faults.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { Simulator } from "./simulator.ts";

/** How long the database suffers a transaction: its owner may be paused, or gone. */
const sessionMs = 8_000;

/**
 * A process's way to the database. Every call is a message there and a message back, each with a latency; it may be refused before it does anything,
 * or take effect while its reply is lost. A process that dies takes its open transaction with it, and what it has sent may still arrive.
 */
export function createFaultyStateAdapter(
  simulator: Simulator,
  faults: Faults,
  process: SimulatedProcess,
  inner: StateAdapter<MemoryTransaction>,
): StateAdapter<MemoryTransaction> {
  const killedSessions = new WeakSet<MemoryTransaction>();

  const refuseKilled = (tx: MemoryTransaction | undefined): void => {
    if (tx !== undefined && killedSessions.has(tx))
      throw new StoreUnavailableError("The connection of the transaction is gone.");
  };

  const call = async <TResult>(
    tx: MemoryTransaction | undefined,
    run: () => Promise<TResult>,
  ): Promise<TResult> => {
    const fate = faults.fateOfCall();
    await simulator.wait(faults.latencyMs());
    // What a dying process has sent arrives, or does not.
    if (process.state === "dead" && process.random.isTrue(0.5)) return new Promise<never>(() => {});
    const isServed = fate !== "refused" && !faults.isAway(process);
    const answer = isServed
      ? await settled(() => (refuseKilled(tx), run()))
      : { error: new StoreUnavailableError("The call was refused.") };
    await simulator.wait(faults.latencyMs(), process);
    if ("error" in answer) throw answer.error;
    if (fate === "replyLost" || faults.isAway(process))
      throw new StoreUnavailableError("The reply was lost.");
    return answer.result;
  };

  /** Runs the user's part of a transaction; rejects when its process dies or its time is over, whatever the user's part does. */
  const runSession = async <TResult>(
    tx: MemoryTransaction,
    run: (tx: MemoryTransaction) => Promise<TResult>,
  ): Promise<TResult> => {
    let kill = (): void => {};
    const killed = new Promise<never>((_, reject) => {
      kill = () => {
        killedSessions.add(tx);
        reject(new StoreUnavailableError("The connection of the transaction was cut."));
      };
    });
    const timer = simulator.schedule(sessionMs, kill);
    const forget = process.onDeath(kill);
    const work = async (): Promise<TResult> => {
      await simulator.wait(faults.latencyMs(), process);
      const result = await run(tx);
      await simulator.wait(faults.latencyMs());
      if (faults.isConflict()) throw new StoreConflictError("Another transaction was first.");
      if (faults.isAway(process))
        throw new StoreUnavailableError("The database went away before the commit.");
      return result;
    };
    try {
      return await Promise.race([work(), killed]);
    } finally {
      timer.cancel();
      forget();
    }
  };

  /** As an exchange that finds some rows locked: what is deferred has not been tried. */
  const exchangeSome = async (params: ExchangeParams): Promise<ExchangeResult> => {
    const isDeferred = params.settlements.map(() => faults.isDeferred());
    const result = await inner.exchange({
      ...params,
      settlements: params.settlements.filter((_, index) => !isDeferred[index]),
    });
    const verdicts = [...result.verdicts];
    return {
      ...result,
      verdicts: isDeferred.map((isPutOff) => (isPutOff ? { kind: "deferred" } : verdicts.shift()!)),
    };
  };

  return {
    name: inner.name,
    transaction: (run) => call(undefined, () => inner.transaction((tx) => runSession(tx, run))),
    savepoint: (tx, run) => {
      refuseKilled(tx);
      return inner.savepoint(tx, run);
    },
    migrate: () => inner.migrate(),
    close: async () => {},

    startChains: (params) => call(params.tx, () => inner.startChains(params)),
    exchange: (params) => call(undefined, () => exchangeSome(params)),
    settle: (params) => call(params.tx, () => inner.settle(params)),
    registerWorker: (worker) => call(undefined, () => inner.registerWorker(worker)),
    renew: (params) => call(undefined, () => inner.renew(params)),
    removeWorker: (params) => call(undefined, () => inner.removeWorker(params)),
    reap: (params) => call(undefined, () => inner.reap(params)),
    promote: (params) => call(undefined, () => inner.promote(params)),
    completeChains: (params) => call(params.tx, () => inner.completeChains(params)),
    cancel: (params) => call(params.tx, () => inner.cancel(params)),
    redrive: (params) => call(params.tx, () => inner.redrive(params)),
    trigger: (params) => call(params.tx, () => inner.trigger(params)),
    reschedule: (params) => call(params.tx, () => inner.reschedule(params)),
    deleteChains: (params) => call(params.tx, () => inner.deleteChains(params)),
    setTypesPaused: (params) => call(params.tx, () => inner.setTypesPaused(params)),

    getChains: (params) => call(params.tx, () => inner.getChains(params)),
    getJobs: (params) => call(params.tx, () => inner.getJobs(params)),
    listChains: (params) => call(undefined, () => inner.listChains(params)),
    countChains: (params) => call(undefined, () => inner.countChains(params)),
    listJobs: (params) => call(undefined, () => inner.listJobs(params)),
    listAttempts: (params) => call(undefined, () => inner.listAttempts(params)),
    chainGraph: (params) => call(undefined, () => inner.chainGraph(params)),
    listWorkers: (params) => call(undefined, () => inner.listWorkers(params)),
    listTypes: () => call(undefined, () => inner.listTypes()),
    stats: (params) => call(undefined, () => inner.stats(params)),
  };
}

type Answer<TResult> = { readonly result: TResult } | { readonly error: unknown };

async function settled<TResult>(run: () => Promise<TResult>): Promise<Answer<TResult>> {
  try {
    return { result: await run() };
  } catch (error) {
    return { error };
  }
}
