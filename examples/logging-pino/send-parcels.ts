import {
  createClient,
  createMemoryStateAdapter,
  createWorker,
  defineJobTypes,
  json,
  type EventSubscriber,
} from "queuert";

const jobTypes = defineJobTypes({
  "parcel.pack": {
    entry: true,
    input: json<{ parcel: string }>(),
    continueWith: "parcel.hand-over",
  },
  "parcel.hand-over": { input: json<{ parcel: string }>(), output: json<string>() },
});

/** Sends two parcels, the second of which is handed over at the second attempt, and starts a third one that is taken back. */
export async function sendParcels(subscriber: EventSubscriber): Promise<void> {
  const state = createMemoryStateAdapter();
  const client = await createClient({ jobTypes, state, events: [subscriber] });
  const worker = createWorker(client, {
    name: "packer",
    retry: { backoff: { initialMs: 10 } },
    pollIntervalMs: 50,
    handlers: {
      "parcel.pack": async ({ job, continueWith }) =>
        continueWith({ type: "parcel.hand-over", input: job.input }),
      "parcel.hand-over": async ({ job }) => {
        if (job.input.parcel === "lamp" && job.attempt === 1) throw new Error("Nobody was in.");
        return `${job.input.parcel} handed over`;
      },
    },
  });
  await worker.start();
  const chains = await client.startChains({
    tx: "autocommit",
    chains: ["desk", "lamp"].map((parcel) => ({ type: "parcel.pack" as const, input: { parcel } })),
  });
  // What rolls back is never logged (P6).
  await client
    .transaction(async (tx) => {
      await client.startChain({ tx, type: "parcel.pack", input: { parcel: "vase" } });
      throw new Error("The customer has changed their mind.");
    })
    .catch(() => undefined);
  for (const chain of chains) await client.awaitChain({ chain, pollIntervalMs: 20 });
  await worker.stop();
  await client.close();
  await state.close();
}
