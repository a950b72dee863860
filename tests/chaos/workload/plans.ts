import type { Random } from "queuert/testing";

/** What one order is to go through. It travels as the input of its jobs, and decides all that they do. */
export interface OrderPlan {
  readonly order: number;
  /** How many chains it starts and waits for. */
  readonly items: number;
  /** How many rounds it loops. */
  readonly loops: number;
  /** How many attempts of its last job throw, after they have written. */
  readonly failures: number;
  readonly isDelayed: boolean;
  /** Its last job fails for good. */
  readonly isDoomed: boolean;
}

export interface ItemPlan {
  readonly item: number;
}

export interface BundlePlan {
  /** How many orders it waits for. */
  readonly orders: number;
}

/** A chain that somebody started, as the ledger has it. */
export type StartedPlan =
  | { readonly kind: "order"; readonly plan: OrderPlan }
  | { readonly kind: "item"; readonly plan: ItemPlan }
  | { readonly kind: "bundle"; readonly plan: BundlePlan };

/** What is left of a chain when it is over. */
export interface ExpectedChain {
  /** The types of its jobs, in order. */
  readonly jobs: readonly string[];
  /** What its jobs have written in the transactions that settled them: each once. */
  readonly effects: readonly string[];
  /** What its jobs have written before they settled: each once or more often. */
  readonly visits: readonly string[];
  readonly status: "completed" | "failed";
}

export function planOrder(random: Random, order: number): OrderPlan {
  return {
    order,
    items: random.isTrue(0.4) ? random.between(1, 3) : 0,
    loops: random.isTrue(0.5) ? random.between(1, 4) : 0,
    failures: random.isTrue(0.1) ? random.between(1, 2) : 0,
    isDelayed: random.isTrue(0.1),
    isDoomed: random.isTrue(0.02),
  };
}

export function expectChain(started: StartedPlan): ExpectedChain {
  switch (started.kind) {
    case "order":
      return expectOrder(started.plan);
    case "item":
      return {
        jobs: ["item.make", "item.pack"],
        effects: ["pack"],
        visits: [],
        status: "completed",
      };
    case "bundle":
      return { jobs: ["bundle.close"], effects: ["close"], visits: [], status: "completed" };
  }
}

function expectOrder({ items, loops, isDoomed }: OrderPlan): ExpectedChain {
  const rounds = Array.from({ length: loops }, (_, index) => index + 1);
  return {
    jobs: [
      "order.place",
      ...(items > 0 ? ["order.gather"] : []),
      ...rounds.map(() => "order.loop"),
      "order.end",
    ],
    effects: ["place", ...(items > 0 ? ["gather"] : []), ...(isDoomed ? [] : ["end"])],
    visits: rounds.filter(isStagedRound).map((round) => `round ${round}`),
    status: isDoomed ? "failed" : "completed",
  };
}

/** Whether that round of a loop writes in a transaction of its own before it returns. */
export function isStagedRound(round: number): boolean {
  return round % 2 === 1;
}
