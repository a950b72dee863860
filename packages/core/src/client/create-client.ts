import { TransactionInvalidError } from "../errors/store-errors.ts";
import { checkNumber } from "../model/options.ts";
import { systemChance, type Chance } from "../ports/chance.ts";
import { systemClock, type Clock } from "../ports/clock.ts";
import {
  cancelChains,
  deleteChains,
  redriveChains,
  rescheduleChains,
  triggerChains,
} from "../engine/actions.ts";
import { getChain, toCompletedChain } from "../engine/chain-snapshots.ts";
import { createChainIds } from "../engine/chain-ids.ts";
import { createChainWaiter } from "../engine/chain-waiter.ts";
import { completeChain, type CompleteChainOptions } from "../engine/complete-chain.ts";
import type { EngineContext } from "../engine/context.ts";
import { createEventSink } from "../engine/event-sink.ts";
import { explain } from "../engine/explain.ts";
import { createNotifyChannel } from "../engine/notify-channel.ts";
import { createChainInserter } from "../engine/shared-starts.ts";
import { createSignalSender } from "../engine/signals.ts";
import { startChains, type ChainGiven } from "../engine/start-chains.ts";
import {
  bufferOf,
  runTransaction,
  runWithTransactionHooks,
  type TransactionHooks,
} from "../engine/transaction-hooks.ts";
import { runTraced } from "../engine/traced-calls.ts";
import { mergeJobTypes } from "../types/merge-job-types.ts";
import type { JobTypes } from "../types/job-types.ts";
import type { Middleware } from "../types/middleware.ts";
import type { Client, ClientOptions, CreateClient } from "./client-api.ts";
import { rememberContext } from "../engine/client-context.ts";
import { createInspect } from "./inspect/create-inspect.ts";
import type { InspectOptions } from "./inspect/inspect-api.ts";
import { createOperate } from "./operate/create-operate.ts";
import type { OperateOptions } from "./operate/operate-api.ts";

/** Where time and chance come from, for a client that is driven by a test. */
export interface ClientEnvironment {
  readonly clock: Clock;
  readonly chance: Chance;
  /** The most outcomes in one exchange of a worker, at least 1. Default 250; with fewer, little work comes to where many gather. */
  readonly exchangeSizeMax?: number | undefined;
}

/** Beyond it, a statement gets no cheaper per job, and others wait longer for the lock. */
const exchangeSizeMaxDefault = 250;

/**
 * Makes a client: the door to chains. It reads from the database and writes nothing; closing adapters is up to who made them.
 *
 * @throws JobTypeDuplicateError, JobTypeDefinitionError when the slices do not fit together.
 * @throws StoreSetupError when the schema is missing: migrate first.
 */
export const createClient: CreateClient = (options) =>
  createClientIn({ clock: systemClock, chance: systemChance }, options as never) as never;

/** As `createClient`, with time and chance given. */
export async function createClientIn<TTransaction>(
  environment: ClientEnvironment,
  options: ClientOptions<
    JobTypes<unknown> | readonly JobTypes<unknown>[],
    TTransaction,
    readonly Middleware<unknown>[]
  >,
): Promise<Client<unknown, TTransaction, object>> {
  const { telemetry } = options;
  const events = createEventSink(environment.clock, options.events ?? [], telemetry);
  const channel = createNotifyChannel(events, options.notify);
  const context: EngineContext<TTransaction> = {
    state: options.state,
    channel,
    jobTypes: mergeJobTypes(options.jobTypes),
    middleware: options.middleware ?? [],
    clock: environment.clock,
    chance: environment.chance,
    events,
    telemetry,
    signals: createSignalSender(events, channel),
    exchangeSizeMax: environment.exchangeSizeMax ?? exchangeSizeMaxDefault,
    nextChainId: createChainIds(environment.clock, environment.chance),
  };
  // Any read tells whether the schema is there and of this version.
  await context.state.listTypes();
  return createFacade(context, options.operations ?? {});
}

/** A reference by handle or by id. */
interface ChainGivenBy {
  readonly chain?: { readonly id: string } | undefined;
  readonly chainId?: string | undefined;
}

function chainIdOf(options: ChainGivenBy): string {
  return options.chain?.id ?? options.chainId ?? "";
}

/** How often `awaitChain` looks when no wake-up comes. */
const awaitPollIntervalMs = 1_000;

// The compiler checks calls against `Client`; inside, types of jobs are plain names and values unknown.
function createFacade<TTransaction>(
  context: EngineContext<TTransaction>,
  operations: InspectOptions & OperateOptions,
): Client<unknown, TTransaction, object> {
  const { events, telemetry } = context;
  const insert = createChainInserter(context.state);
  const waiter = createChainWaiter(context);
  const facade = {
    inspect: createInspect(context, operations),
    operate: createOperate(context, operations),

    transaction: <TResult>(run: (tx: TTransaction) => Promise<TResult>) =>
      runTransaction(context, run),
    savepoint: <TResult>(
      { tx, hooks }: { tx: TTransaction; hooks?: TransactionHooks },
      run: () => Promise<TResult>,
    ) => {
      const inDatabase = (): Promise<TResult> => context.state.savepoint(tx, run);
      return bufferOf(tx, hooks)?.savepoint(inDatabase) ?? inDatabase();
    },
    withTransactionHooks: <TResult>(run: (hooks: TransactionHooks) => Promise<TResult>) =>
      runWithTransactionHooks(context, run),
    onCommit: ({ tx }: { tx: TTransaction }, effect: () => void | Promise<void>) => {
      const buffer = bufferOf(tx);
      if (buffer === undefined) {
        throw new TransactionInvalidError(
          "The client did not open this tx, so it cannot see its commit. Use hooks.onCommit of withTransactionHooks.",
        );
      }
      buffer.onCommit(effect);
    },

    startChain: async (given: ChainGiven & { tx: TTransaction; hooks?: TransactionHooks }) => {
      const { tx, hooks, ...chain } = given;
      const one = { tx, hooks, chains: [chain], isBatch: false };
      return (await startChains(context, insert, one))[0];
    },
    startChains: (given: {
      tx: TTransaction;
      hooks?: TransactionHooks;
      chains: readonly ChainGiven[];
    }) => startChains(context, insert, { ...given, isBatch: true }),
    completeChain: (given: ChainGivenBy & Omit<CompleteChainOptions<TTransaction>, "chainId">) =>
      completeChain(context, { ...given, chainId: chainIdOf(given) }),

    awaitChain: async (given: {
      chain: { id: string; type: string };
      timeoutMs?: number;
      signal?: AbortSignal;
      pollIntervalMs?: number;
    }) => {
      const { id: chainId, type: chainType } = given.chain;
      const wait = {
        chainId,
        timeoutMs:
          given.timeoutMs === undefined
            ? undefined
            : checkNumber(given.timeoutMs, "timeoutMs", { min: 0 }),
        signal: given.signal,
        pollIntervalMs: checkNumber(given.pollIntervalMs ?? awaitPollIntervalMs, "pollIntervalMs", {
          min: 1,
        }),
      };
      const trace = telemetry?.beginCall({ name: "awaitChain", chainId, chainType });
      const record = await runTraced(trace, () => waiter.wait(wait));
      events.emit([], trace);
      return toCompletedChain(context.jobTypes, record);
    },
    getChain: (given: ChainGivenBy) => getChain(context, chainIdOf(given)),

    cancel: (given: never) => cancelChains(context, given),
    redrive: (given: never) => redriveChains(context, given),
    trigger: (given: never) => triggerChains(context, given),
    reschedule: (given: never) => rescheduleChains(context, given),
    deleteChains: (given: never) => deleteChains(context, given),
    explain: (given: { jobId?: string; chainId?: string }) => explain(context, given as never),
    close: () => waiter.close(),
  };
  const client = facade as unknown as Client<unknown, TTransaction, object>;
  rememberContext(client, context);
  return client;
}
