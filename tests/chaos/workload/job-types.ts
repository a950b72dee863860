import { defineJobTypes, type Client, type TypesOf } from "queuert";

import type { Transaction } from "../databases/sql.ts";
import type { BundlePlan, ItemPlan, OrderPlan } from "./plans.ts";

/** What the work is made of: branches, loops, fan-out and fan-in, retries, jobs that settle in a transaction of theirs and jobs that do not. */
export const jobTypes = defineJobTypes<{
  "order.place": {
    entry: true;
    input: OrderPlan;
    continueWith: "order.gather" | "order.loop" | "order.end";
  };
  "order.gather": {
    input: OrderPlan;
    blockers: { items: "item.make"[] };
    continueWith: "order.loop" | "order.end";
  };
  "order.loop": {
    input: { plan: OrderPlan; round: number };
    continueWith: "order.loop" | "order.end";
  };
  "order.end": { input: OrderPlan; output: { order: number } };

  "item.make": { entry: true; input: ItemPlan; continueWith: "item.pack" };
  "item.pack": { input: ItemPlan; output: { item: number } };

  /** Waits for orders that others started, some of which are over when it starts. */
  "bundle.close": {
    entry: true;
    input: BundlePlan;
    blockers: { orders: "order.place"[] };
    output: { count: number };
  };
}>();

export type ChaosClient = Client<TypesOf<typeof jobTypes>, Transaction>;
