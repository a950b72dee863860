// The story, from the shop's side: it places orders, waits for them, and does what only a person can do.
import { setTimeout as wait } from "node:timers/promises";

import { AwaitChainTimeoutError, ChainFailedError, type StartedChain } from "queuert";

import { formatCents, say, showHeading } from "./output.ts";
import { orderIdOf, scenes, type PlacedOrder, type SceneName } from "./scenes.ts";
import { orderIntervalMs, patienceMs, thinkingMs } from "./settings.ts";
import {
  getOrder,
  insertApproval,
  insertOrder,
  insertRun,
  priceCents,
  receiveDelivery,
  replaceCard,
  type NewOrder,
} from "./shop.ts";
import type { ShopClient } from "./shop-client.ts";

/** The goods and the number of a run. */
export async function openShop(client: ShopClient): Promise<number> {
  return client.transaction(async (tx) => {
    await receiveDelivery(tx, "lamp", 10);
    await receiveDelivery(tx, "desk", 1);
    await receiveDelivery(tx, "vase", 0);
    return insertRun(tx);
  });
}

/** Resolves when every chain has completed. Orders are handed to `onPlaced` once they are committed. */
export async function tellStory(
  client: ShopClient,
  runNumber: number,
  onPlaced: (order: PlacedOrder) => void,
): Promise<void> {
  const placeAll = async (names: readonly SceneName[]): Promise<PlacedOrder[]> => {
    const placed: PlacedOrder[] = [];
    for (const scene of names) {
      const order = await placeOrder(client, runNumber, scene);
      onPlaced(order);
      placed.push(order);
      await wait(orderIntervalMs);
    }
    return placed;
  };

  showHeading("In the morning all goes well, nearly");
  const morning = await placeAll(["usual", "manyParcels", "busyBank", "emptyShelf", "paperJam"]);
  await Promise.all(morning.map((order) => fulfilOrder(client, order)));

  showHeading("In the afternoon people decide, a card is declined and a worker is killed");
  const afternoon = await placeAll(["bigOrder", "declinedCard", "killedWorker"]);
  await Promise.all(afternoon.map((order) => fulfilOrder(client, order)));
}

async function placeOrder(
  client: ShopClient,
  runNumber: number,
  scene: SceneName,
): Promise<PlacedOrder> {
  const orderId = orderIdOf(runNumber, scene);
  const order = { ...scenes[scene].order, id: orderId };
  const isPlaced = scene !== "paperJam";
  const chain = isPlaced ? await commitOrder(client, order) : await rollBackOrder(client, order);
  return { orderId, scene, chain };
}

/** The order and its chain in one transaction: there is never one without the other. */
async function commitOrder(
  client: ShopClient,
  order: NewOrder,
): Promise<StartedChain<"order.reserve">> {
  const chain = await client.transaction(async (tx) => {
    await insertOrder(tx, order);
    return client.startChain({ tx, type: "order.reserve", input: { orderId: order.id } });
  });
  const price = formatCents(order.count * priceCents[order.product]);
  say("shop", order.id, `${order.count} × ${order.product} for ${price}: row and chain committed`);
  return chain;
}

class PaperJamError extends Error {
  override readonly name = "PaperJamError";
}

/** The same, with an error after the start: neither the row nor the chain has ever been. */
async function rollBackOrder(
  client: ShopClient,
  order: NewOrder,
): Promise<StartedChain<"order.reserve">> {
  let chain: StartedChain<"order.reserve"> | undefined;
  try {
    return await client.transaction(async (tx) => {
      await insertOrder(tx, order);
      chain = await client.startChain({ tx, type: "order.reserve", input: { orderId: order.id } });
      throw new PaperJamError("The printer is out of order");
    });
  } catch (error) {
    if (!(error instanceof PaperJamError) || chain === undefined) throw error;
    say("shop", order.id, `row inserted, chain started, then ${String(error)}: both rolled back`);
    return chain;
  }
}

/** Waits for an order, and does meanwhile what has to be done by hand. */
async function fulfilOrder(client: ShopClient, order: PlacedOrder): Promise<void> {
  if (order.scene === "paperJam") return;
  if (order.scene === "bigOrder") await approveOrder(client, order);
  if (order.scene === "declinedCard") await replaceDeclinedCard(client, order);
  try {
    await client.awaitChain({ chain: order.chain, timeoutMs: patienceMs });
  } catch (error) {
    if (!(error instanceof AwaitChainTimeoutError)) throw error;
    const { verdict } = await client.explain({ chainId: order.chain.id });
    throw new Error(`The order "${order.orderId}" is late. ${verdict}`, { cause: error });
  }
}

/** No worker handles `order.approve`: the job waits for whoever completes it. The approval and its effect commit together. */
async function approveOrder(client: ShopClient, { orderId, chain }: PlacedOrder): Promise<void> {
  await untilApprovalIsDue(client, chain.id);
  const { verdict } = await client.explain({ chainId: chain.id });
  say("shop", orderId, `why does it not go on? ${verdict}`);
  await wait(thinkingMs);
  await client.transaction(async (tx) => {
    const { cents } = await getOrder(tx, orderId);
    await insertApproval(tx, orderId, "the manager");
    await client.completeChain({
      tx,
      chain,
      type: "order.approve",
      continueWith: { type: "order.charge", input: { orderId, cents } },
    });
  });
}

/** As a page for the manager would, it lists what is ready. */
async function untilApprovalIsDue(client: ShopClient, chainId: string): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs);
  for (;;) {
    const { jobs } = await client.inspect.listJobs({
      chainId,
      types: ["order.approve"],
      statuses: ["ready"],
    });
    if (jobs.length > 0) return;
    await wait(200, undefined, { signal });
  }
}

/** A failed chain is kept. Once its cause is repaired it is redriven, in the transaction of the repair. */
async function replaceDeclinedCard(
  client: ShopClient,
  { orderId, chain }: PlacedOrder,
): Promise<void> {
  try {
    await client.awaitChain({ chain, timeoutMs: patienceMs });
  } catch (error) {
    if (!(error instanceof ChainFailedError)) throw error;
    await client.transaction(async (tx) => {
      await replaceCard(tx, orderId, "good");
      await client.redrive({ tx, chainIds: [chain.id] });
    });
    say("shop", orderId, "the customer gave another card");
  }
}
