import { setTimeout as wait } from "node:timers/promises";

import { ChainFailedError } from "queuert";
import { formatUuidV7 } from "queuert/adapter";
import type { Random } from "queuert/testing";

import type { Transaction } from "../databases/sql.ts";
import { describeError, isFaultError } from "../processes/surprise.ts";
import type { ChaosClient } from "./job-types.ts";
import { recordStarts, recordStartsOnce, type StartedRow } from "./ledger.ts";
import { planOrder, type OrderPlan } from "./plans.ts";

export interface StarterOptions {
  readonly client: ChaosClient;
  readonly random: Random;
  /** Whether enough is open already. */
  readonly isBacklogFull: () => boolean;
  readonly onSurprise: (text: string) => void;
}

/** Starts chains in every way there is, until it is told to stop. */
export interface Starter {
  /** How many starts took place, failed ones included, by the way they were made. */
  readonly counts: ReadonlyMap<string, number>;
  /** Resolves when the last start has an answer: faults have to be over. */
  stop(): Promise<void>;
  /** Resolves when each chain that was awaited has told its end; rejects for the first that told something else. */
  awaited(): Promise<number>;
}

type Way = "committed" | "rolledBack" | "keyed" | "byId";

const ways: Readonly<Record<Way, number>> = { committed: 6, rolledBack: 1, keyed: 2, byId: 2 };
const batchSizeMax = 12;
const pauseMs = 25;
/** An order that a bundle may wait for: those that were started last. */
const recentCountMax = 200;

class PlannedRollback extends Error {}

export function beginStarting(options: StarterOptions): Starter {
  const { client, random, isBacklogFull, onSurprise } = options;
  const counts = new Map<string, number>();
  const awaits: Promise<void>[] = [];
  const recent: string[] = [];
  let orderCount = 0;
  const over = new AbortController();

  const planBatch = (): OrderPlan[] =>
    Array.from({ length: random.between(1, batchSizeMax) }, () =>
      planOrder(random, (orderCount += 1)),
    );
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);

  /** Whether it took place. The database may have been away; anything else is a surprise. */
  const tolerate = async (start: () => Promise<void>): Promise<boolean> => {
    try {
      await start();
      return true;
    } catch (error) {
      if (error instanceof PlannedRollback) return false;
      if (isFaultError(error)) count("failed");
      else onSurprise(`A start failed: ${describeError(error)}`);
      return false;
    }
  };
  const untilAnswered = async (start: () => Promise<void>): Promise<void> => {
    while (!(await tolerate(start))) await wait(pauseMs);
  };

  const learn = (plans: readonly OrderPlan[], chainIds: readonly string[]): void => {
    chainIds.forEach((id, index) => {
      const plan = plans[index]!;
      if (!plan.isDoomed) recent.push(id);
      if (random.isTrue(0.05)) awaits.push(unhandledSafe(awaitOrder(client, id, plan)));
    });
    recent.splice(0, recent.length - recentCountMax);
  };

  /** Orders, and a bundle that waits for some of them and some older ones. */
  const startInTransaction = async (tx: Transaction, plans: readonly OrderPlan[]) => {
    const orders = await client.startChains({
      tx,
      chains: plans.map((plan) => ({ type: "order.place" as const, input: plan })),
    });
    const rows: StartedRow[] = orders.map(({ id }, index) => ({
      chainId: id,
      started: { kind: "order", plan: plans[index]! },
    }));
    if (random.isTrue(0.5)) rows.push(await startBundle(tx, client, random, [...recent]));
    await recordStarts(tx, rows);
    return orders.map(({ id }) => id);
  };

  const start: Readonly<Record<Way, () => Promise<void>>> = {
    async committed() {
      const plans = planBatch();
      await tolerate(async () =>
        learn(plans, await client.transaction(async (tx) => startInTransaction(tx, plans))),
      );
    },

    async rolledBack() {
      const plans = planBatch();
      await tolerate(async () =>
        client.transaction(async (tx) => {
          await startInTransaction(tx, plans);
          throw new PlannedRollback();
        }),
      );
    },

    /** Asked again until there is an answer, and now and then once more: one chain for each key. */
    async keyed() {
      const plans = planBatch();
      const once = async (): Promise<void> =>
        client.transaction(async (tx) => startKeyed(tx, client, plans));
      await untilAnswered(once);
      if (random.isTrue(0.3)) await tolerate(once);
    },

    /** With ids of the caller's and no transaction: asked again until there is an answer. */
    async byId() {
      const plans = planBatch();
      const ids = plans.map(() => formatUuidV7(Date.now(), 0, random.bytes(10)));
      const rows: StartedRow[] = plans.map((plan, index) => ({
        chainId: ids[index]!,
        started: { kind: "order", plan },
      }));
      await untilAnswered(async () => client.transaction(async (tx) => recordStartsOnce(tx, rows)));
      await untilAnswered(async () => {
        await client.startChains({
          tx: "autocommit",
          chains: plans.map((input, index) => ({
            type: "order.place" as const,
            input,
            id: ids[index]!,
          })),
        });
      });
      learn(plans, ids);
    },
  };

  const going = (async () => {
    while (!over.signal.aborted) {
      if (isBacklogFull()) {
        await wait(pauseMs);
        continue;
      }
      const way = random.weighted(ways);
      count(way);
      await start[way]();
    }
  })();

  return {
    counts,
    async stop() {
      over.abort();
      await going;
    },
    async awaited() {
      await Promise.all(awaits);
      return awaits.length;
    },
  };
}

async function startBundle(
  tx: Transaction,
  client: ChaosClient,
  random: Random,
  candidates: readonly string[],
): Promise<StartedRow> {
  const wanted = Array.from({ length: Math.min(candidates.length, random.between(1, 5)) }, () =>
    random.pick(candidates),
  );
  // One order at times, that many wait for.
  const ids = [...new Set([...wanted, ...candidates.slice(0, 1)])];
  const plan = { orders: ids.length };
  const { id } = await client.startChain({
    tx,
    type: "bundle.close",
    input: plan,
    blockers: { orders: ids.map((chainId) => ({ id: chainId, type: "order.place" })) },
  });
  return { chainId: id, started: { kind: "bundle", plan } };
}

async function startKeyed(
  tx: Transaction,
  client: ChaosClient,
  plans: readonly OrderPlan[],
): Promise<void> {
  const keyOf = ({ order }: OrderPlan): string => `order ${order}`;
  const started = await client.startChains({
    tx,
    chains: plans.map((plan) => ({
      type: "order.place" as const,
      input: plan,
      deduplication: { key: keyOf(plan), scope: "any" as const },
    })),
  });
  const rows = started.flatMap(({ id, deduplicated }, index): StartedRow[] => {
    const plan = plans[index]!;
    return deduplicated === false
      ? [{ chainId: id, started: { kind: "order", plan }, key: keyOf(plan) }]
      : [];
  });
  await recordStarts(tx, rows);
}

/** What it comes to is heard in the end. */
function unhandledSafe(promise: Promise<void>): Promise<void> {
  promise.catch(() => undefined);
  return promise;
}

async function awaitOrder(client: ChaosClient, id: string, plan: OrderPlan): Promise<void> {
  try {
    const { output } = await client.awaitChain({
      chain: { id, type: "order.place" },
      pollIntervalMs: 1_000,
    });
    if (output.order !== plan.order || plan.isDoomed)
      throw new Error(`Chain "${id}" of order ${plan.order} was said to end with ${output.order}.`);
  } catch (error) {
    if (!(plan.isDoomed && error instanceof ChainFailedError)) throw error;
  }
}
