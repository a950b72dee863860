// What the work is made of. The compiler holds every start, handler and continuation in this folder against this file.
import { defineJobTypes } from "queuert";
import { z } from "zod";

/** A parcel on its way. `shipment.track` continues with itself until the parcel has arrived: a loop. */
export const shipments = defineJobTypes({
  "shipment.pack": {
    entry: true,
    input: z.object({ orderId: z.string(), parcel: z.int().min(1) }),
    continueWith: "shipment.track",
  },
  "shipment.track": {
    input: z.object({
      orderId: z.string(),
      parcel: z.int().min(1),
      trackingId: z.string(),
      look: z.int().min(1),
    }),
    continueWith: "shipment.track",
    output: z.object({ trackingId: z.string(), lookCount: z.int() }),
  },
});

const order = z.object({ orderId: z.string() });
const pricedOrder = order.extend({ cents: z.int().positive() });

/**
 * An order, from its stock to its last parcel: reserve → charge → ship → close, with two ways off the path: to
 * `order.reject`, and by `order.approve`, which no worker handles: a person completes it.
 */
export const orders = defineJobTypes(
  {
    "order.reserve": {
      entry: true,
      input: order,
      continueWith: ["order.charge", "order.approve", "order.reject"],
    },
    "order.approve": { input: pricedOrder, continueWith: ["order.charge", "order.reject"] },
    "order.charge": { input: pricedOrder, continueWith: "order.ship" },
    "order.ship": { input: order, continueWith: "order.close" },
    // Waits for the chains of all its parcels, and reads their outputs.
    "order.close": {
      input: order,
      blockers: { parcels: ["shipment.pack"] },
      output: z.object({ result: z.literal("shipped"), trackingIds: z.array(z.string()) }),
    },
    "order.reject": {
      input: order.extend({ reason: z.string() }),
      output: z.object({ result: z.literal("rejected"), reason: z.string() }),
    },
  },
  [shipments],
);

export const jobTypes = [orders, shipments] as const;
