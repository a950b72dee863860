// What workers do for an order. Each `commit` is one transaction: the shop's rows, the outcome of the job and the next
// job in the chain.
import { defineHandlers } from "queuert";

import { chargeCard } from "../bank.ts";
import { orders } from "../job-types.ts";
import { formatCents, formatCount } from "../output.ts";
import { approvalLimitCents } from "../settings.ts";
import { getOrder, recordCharge, reserveStock, setStatus } from "../shop.ts";
import type { WorkerClient, WorkerHandlers } from "../worker-client.ts";

export function createOrderHandlers(client: WorkerClient): WorkerHandlers {
  return defineHandlers(client, orders, {
    // A branch: three ways to go on, decided and written in the same transaction.
    "order.reserve": async ({ job, commit, continueWith, context }) =>
      commit(async (tx) => {
        const { orderId } = job.input;
        const order = await reserveStock(tx, orderId);
        if (order === undefined) {
          return continueWith({
            type: "order.reject",
            input: { orderId, reason: "out of stock" },
          });
        }
        const { cents, count, product } = order;
        // Told after the commit, and never when it rolls back.
        client.onCommit({ tx }, () => context.tell(orderId, `reserved ${count} × ${product}`));
        return cents > approvalLimitCents
          ? continueWith({ type: "order.approve", input: { orderId, cents } })
          : continueWith({ type: "order.charge", input: { orderId, cents } });
      }),

    // The world outside first, then the writes. A crash in between, or a busy bank, means another attempt: the bank knows
    // the idempotency key, and of the writes nothing has happened.
    "order.charge": {
      retry: { maxAttempts: 5, backoff: { initialMs: 400 } },
      handle: async ({ job, commit, continueWith, context }) => {
        const { orderId, cents } = job.input;
        const { card } = await client.transaction(async (tx) => getOrder(tx, orderId));
        const { attempt, id: idempotencyKey } = job;
        const receipt = await chargeCard({ card, cents, idempotencyKey, attempt });
        return commit(async (tx) => {
          await recordCharge(tx, { orderId, cents, receipt, chargedBy: context.workerName });
          // Written and not committed: the quick start kills one worker right here.
          await context.reachCrashPoint(orderId);
          client.onCommit({ tx }, () => context.tell(orderId, `charged ${formatCents(cents)}`));
          return continueWith({ type: "order.ship", input: { orderId } });
        });
      },
    },

    // Fan-out: each parcel is a chain of its own. Fan-in: the next job waits until all of them have completed.
    "order.ship": async ({ job, commit, continueWith, context }) =>
      commit(async (tx) => {
        const { orderId } = job.input;
        const { count } = await getOrder(tx, orderId);
        const parcels = await client.startChains({
          tx,
          chains: Array.from({ length: count }, (_, index) => ({
            type: "shipment.pack" as const,
            input: { orderId, parcel: index + 1 },
          })),
        });
        client.onCommit({ tx }, () =>
          context.tell(
            orderId,
            `waits for the ${formatCount(parcels.length, "chain")} of its parcels`,
          ),
        );
        return continueWith({ type: "order.close", input: { orderId }, blockers: { parcels } });
      }),

    "order.close": async ({ job, commit, context }) =>
      commit(async (tx) => {
        const { orderId } = job.input;
        const trackingIds = job.blockers.parcels.map(({ output }) => output.trackingId);
        await setStatus(tx, orderId, "shipped");
        client.onCommit({ tx }, () => context.tell(orderId, `shipped: ${trackingIds.join(", ")}`));
        return { result: "shipped", trackingIds };
      }),

    "order.reject": async ({ job, commit, context }) =>
      commit(async (tx) => {
        const { orderId, reason } = job.input;
        await setStatus(tx, orderId, "rejected");
        client.onCommit({ tx }, () => context.tell(orderId, `rejected: ${reason}`));
        return { result: "rejected", reason };
      }),
  });
}
