import { StoreConflictError, StoreUnavailableError } from "../../errors/store-errors.ts";
import type { MemoryTransaction } from "../../memory/sessions.ts";
import type { ExchangeParams, ExchangeResult, StateAdapter } from "../../ports/state-adapter.ts";
import { callOutside } from "./call-outside.ts";
import type { Faults } from "./faults.ts";
import type { VirtualProcess } from "./virtual-process.ts";
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
  process: VirtualProcess,
  inner: StateAdapter<MemoryTransaction>,
): StateAdapter<MemoryTransaction> {
  const killedSessions = new WeakSet<MemoryTransaction>();

  const refuseKilled = (tx: MemoryTransaction | undefined): void => {
    if (tx !== undefined && killedSessions.has(tx))
      throw new StoreUnavailableError("The connection of the transaction is gone.");
  };

  const call = <TResult>(
    operation: string,
    tx: MemoryTransaction | undefined,
    run: () => Promise<TResult>,
  ): Promise<TResult> =>
    callOutside(
      { simulator, faults, process },
      {
        name: `${process.name}: ${operation}`,
        isAway: () => faults.isAway(process),
        error: (message) => new StoreUnavailableError(message),
      },
      () => (refuseKilled(tx), run()),
    );

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
      await simulator.wait(faults.latencyMs(`${process.name}: begin`), process);
      const result = await run(tx);
      await simulator.wait(faults.latencyMs(`${process.name}: commit`));
      if (faults.isConflict(process.name))
        throw new StoreConflictError("Another transaction was first.");
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
    const isDeferred = params.settlements.map(() => faults.isDeferred(process.name));
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

  /** The operations of the port, whichever there are. */
  const operations = Object.entries(inner as unknown as Record<string, unknown>).flatMap(
    ([name, operation]) =>
      typeof operation === "function"
        ? [
            [
              name,
              (params?: { readonly tx?: MemoryTransaction | undefined }) =>
                call(name, params?.tx, () => (operation as Operation)(params)),
            ],
          ]
        : [],
  );
  return {
    ...(Object.fromEntries(operations) as StateAdapter<MemoryTransaction>),
    name: inner.name,
    transaction: (run) =>
      call("transaction", undefined, () => inner.transaction((tx) => runSession(tx, run))),
    savepoint: (tx, run) => {
      refuseKilled(tx);
      return inner.savepoint(tx, run);
    },
    exchange: (params) => call("exchange", undefined, () => exchangeSome(params)),
    migrate: () => inner.migrate(),
    close: async () => {},
  };
}

type Operation = (params: unknown) => Promise<unknown>;
