import { isDeepStrictEqual } from "node:util";

import { defineHandlers, UnrecoverableError, type HandlerSet } from "queuert";

import type { Transaction } from "../databases/sql.ts";
import { jobTypes, type ChaosClient } from "./job-types.ts";
import { recordEffect, recordStarts, recordVisit } from "./ledger.ts";
import { isStagedRound, type OrderPlan } from "./plans.ts";

/** Thrown by attempts that are meant to fail. */
export class PlannedFailure extends Error {
  override readonly name = "PlannedFailure";
}

const roundDelayMs = 20;

export function createHandlers(client: ChaosClient): HandlerSet<Transaction, object> {
  /** Where an order goes when it has its items. */
  const afterItems = (plan: OrderPlan) =>
    plan.loops > 0
      ? ({ type: "order.loop", input: { plan, round: 1 }, ...delayOf(plan) } as const)
      : ({ type: "order.end", input: plan, ...delayOf(plan) } as const);

  return defineHandlers(client, jobTypes, {
    "order.place": async ({ job, commit, continueWith }) =>
      commit(async (tx) => {
        const plan = job.input;
        await recordEffect(tx, job.chainId, "place");
        if (plan.items === 0) return continueWith(afterItems(plan));
        const inputs = Array.from({ length: plan.items }, (_, item) => ({ item }));
        const items = await client.startChains({
          tx,
          chains: inputs.map((input) => ({ type: "item.make" as const, input })),
        });
        await recordStarts(
          tx,
          items.map(({ id }, index) => ({
            chainId: id,
            started: { kind: "item", plan: inputs[index]! },
          })),
        );
        return continueWith({ type: "order.gather", input: plan, blockers: { items } });
      }),

    "order.gather": async ({ job, commit, continueWith }) =>
      commit(async (tx) => {
        const found = job.blockers.items.map(({ output }) => output.item);
        const expected = Array.from({ length: job.input.items }, (_, item) => item);
        if (!isDeepStrictEqual(found, expected))
          throw new UnrecoverableError(`It got items ${found.join(", ")}.`);
        await recordEffect(tx, job.chainId, "gather");
        return continueWith(afterItems(job.input));
      }),

    // Settled with others, in the worker's exchange.
    "order.loop": async ({ job, continueWith }) => {
      const { plan, round } = job.input;
      if (isStagedRound(round)) {
        await client.transaction(async (tx) => recordVisit(tx, job.chainId, `round ${round}`));
      }
      return round < plan.loops
        ? continueWith({
            type: "order.loop",
            input: { plan, round: round + 1 },
            ...delayOf(plan),
          })
        : continueWith({ type: "order.end", input: plan });
    },

    "order.end": async ({ job, commit }) =>
      commit(async (tx) => {
        const { order, failures, isDoomed } = job.input;
        await recordEffect(tx, job.chainId, "end");
        if (isDoomed) throw new UnrecoverableError("The order is doomed.");
        if (job.attempt <= failures) throw new PlannedFailure(`Attempt ${job.attempt} fails.`);
        return { order };
      }),

    "item.make": async ({ job, continueWith }) =>
      continueWith({ type: "item.pack", input: job.input }),

    "item.pack": async ({ job, commit }) =>
      commit(async (tx) => {
        await recordEffect(tx, job.chainId, "pack");
        return { item: job.input.item };
      }),

    "bundle.close": async ({ job, commit }) =>
      commit(async (tx) => {
        const count = job.blockers.orders.length;
        if (count !== job.input.orders) throw new UnrecoverableError(`It got ${count} orders.`);
        await recordEffect(tx, job.chainId, "close");
        return { count };
      }),
  });
}

function delayOf({ isDelayed }: OrderPlan): { delayMs?: number } {
  return isDelayed ? { delayMs: roundDelayMs } : {};
}
