// The orders of a run, by what each of them shows.
import type { StartedChain } from "queuert";

import type { NewOrder } from "./shop.ts";

export interface Scene {
  readonly order: Omit<NewOrder, "id">;
  /** What the summary says about it. */
  readonly shows: string;
}

export type SceneName = keyof typeof scenes;

export const scenes = {
  usual: {
    order: { product: "lamp", count: 1, card: "good" },
    shows: "the usual path",
  },
  manyParcels: {
    order: { product: "lamp", count: 3, card: "good" },
    shows: "fan-out to three parcels, fan-in",
  },
  busyBank: {
    order: { product: "lamp", count: 1, card: "busy" },
    shows: "a retry after a typed error",
  },
  emptyShelf: {
    order: { product: "vase", count: 1, card: "good" },
    shows: "a branch: out of stock",
  },
  paperJam: {
    order: { product: "lamp", count: 1, card: "good" },
    shows: "rolled back with its transaction",
  },
  bigOrder: {
    order: { product: "desk", count: 1, card: "good" },
    shows: "completed by a person's approval",
  },
  declinedCard: {
    order: { product: "lamp", count: 1, card: "declined" },
    shows: "failed, repaired, redriven",
  },
  killedWorker: {
    order: { product: "lamp", count: 2, card: "good" },
    shows: "a worker killed in mid-commit",
  },
} as const satisfies Readonly<Record<string, Scene>>;

/** Orders are numbered within their run, so that every run on a file has ids of its own. */
export function orderIdOf(runNumber: number, scene: SceneName): string {
  return `${runNumber}-${Object.keys(scenes).indexOf(scene) + 1}`;
}

/** An order of this run, with the chain that fulfils it. */
export interface PlacedOrder {
  readonly orderId: string;
  readonly scene: SceneName;
  readonly chain: StartedChain<"order.reserve">;
}
