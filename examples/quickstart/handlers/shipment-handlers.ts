// What workers do for a parcel.
import { defineHandlers } from "queuert";

import { shipments } from "../job-types.ts";
import { lookCountUntilArrival, lookIntervalMs } from "../settings.ts";
import { insertParcel } from "../shop.ts";
import type { WorkerClient, WorkerHandlers } from "../worker-client.ts";

export function createShipmentHandlers(client: WorkerClient): WorkerHandlers {
  return defineHandlers(client, shipments, {
    "shipment.pack": async ({ job, commit, continueWith }) =>
      commit(async (tx) => {
        const { orderId, parcel } = job.input;
        const trackingId = `T-${orderId}-${parcel}`;
        await insertParcel(tx, { orderId, parcel, trackingId });
        return continueWith({
          type: "shipment.track",
          input: { orderId, parcel, trackingId, look: 1 },
          delayMs: lookIntervalMs,
        });
      }),

    // Looks where the parcel is, until it has arrived. Between two looks no process has to be alive. There is nothing of
    // the shop's to write, so there is no `commit`: outcomes like this one share a transaction with others.
    "shipment.track": async ({ job, continueWith, context }) => {
      const { orderId, parcel, trackingId, look } = job.input;
      if (look < lookCountUntilArrival) {
        return continueWith({
          type: "shipment.track",
          input: { ...job.input, look: look + 1 },
          delayMs: lookIntervalMs,
        });
      }
      context.tell(orderId, `parcel ${parcel} has arrived (look ${look})`);
      return { trackingId, lookCount: look };
    },
  });
}
