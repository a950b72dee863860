// A worker process: node worker.ts NAME DATABASE. The quick start runs two of them.
import { createWorker } from "queuert";

import { openDatabase } from "./database.ts";
import { narrateEvents } from "./event-sentences.ts";
import { createOrderHandlers } from "./handlers/order-handlers.ts";
import { createShipmentHandlers } from "./handlers/shipment-handlers.ts";
import type { ShopMessage, WorkerMessage } from "./messages.ts";
import { leaseMs } from "./settings.ts";
import { createWorkerClient, type Voice } from "./worker-client.ts";

const [workerName = "worker", location = "quickstart.db"] = process.argv.slice(2);

function send(message: WorkerMessage): void {
  if (process.connected) process.send?.(message);
}

/** Waits for a word of the shop. When the shop is gone, nobody has to wait. */
async function receive(isExpected: (message: ShopMessage) => boolean): Promise<void> {
  await new Promise<void>((resolve) => {
    const listen = (message: ShopMessage): void => {
      if (isExpected(message)) end();
    };
    const end = (): void => {
      process.off("message", listen).off("disconnect", end);
      resolve();
    };
    process.on("message", listen).once("disconnect", end);
  });
}

const voice: Voice = {
  tell: (orderId, text) => send({ kind: "told", orderId, text }),
  async reachCrashPoint(orderId) {
    const answer = receive((message) => message.kind === "goOn" && message.orderId === orderId);
    send({ kind: "crashPoint", orderId });
    await answer;
  },
};

const database = openDatabase(location);
const client = await createWorkerClient(database, {
  workerName,
  voice,
  events: narrateEvents((note) => send({ kind: "told", ...note })),
});
const worker = createWorker(client, {
  name: workerName,
  concurrency: 4,
  leaseMs,
  handlers: [createOrderHandlers(client), createShipmentHandlers(client)],
});
await worker.start();
send({ kind: "started" });

await receive(({ kind }) => kind === "stop");
await worker.stop();
await client.close();
await database.close();
if (process.connected) process.disconnect();
