import {
  createClient,
  createWorker,
  defineJobTypes,
  UnrecoverableError,
  json,
  type Chain,
  type Client,
  type TypesOf,
} from "queuert";

import type { BenchStore } from "../throughput/stores.ts";

const jobTypes = defineJobTypes({
  order: { entry: true, input: json<{ orderId: number }>(), continueWith: "order.ship" },
  "order.ship": { input: json<{ orderId: number }>(), output: json<{ trackingId: string }>() },
  report: { entry: true, input: json<{ day: number }>() },
  broken: { entry: true },
  unhandled: { entry: true },
  later: { entry: true },
  gate: { entry: true },
  gated: { entry: true, blockers: { gate: "gate" } },
  part: { entry: true },
  whole: { entry: true, blockers: { parts: ["part"] } },
});

export type QueryClient = Client<TypesOf<typeof jobTypes>, never>;

/** A database as it looks after a while, and what to ask it for. */
export interface Populated {
  readonly client: QueryClient;
  /** A chain of each kind, to be looked at. */
  readonly chainIds: Readonly<Record<"order" | "broken" | "gate" | "gated" | "whole", string>>;
  /** When the first and the last chain were started. */
  readonly startedBetween: readonly [Date, Date];
}

/** Tenants, by whose label chains are found. */
const tenantCount = 1_000;
/** How many batches share a gate: 200 chains wait for it. */
const batchesPerGate = 20;
const partCount = 20;

/**
 * Starts chains and runs most of them. Of a thousand, 600 go through two jobs and 350 through one, 10 fail, 10 stay ready for want of a
 * handler, 10 are scheduled, 10 wait for a gate that stays closed, and 10 have waited for 20 others; all carry a tenant's label.
 */
export async function populate(store: BenchStore, chainCount: number): Promise<Populated> {
  const { state, notify } = store;
  const client = await createClient({ jobTypes, state, notify });
  const firstAt = new Date();
  let sequence = 0;
  const labels = (): { tenant: string } => ({ tenant: `tenant-${sequence++ % tenantCount}` });
  const repeat = <TFields extends object>(count: number, create: () => TFields) =>
    Array.from({ length: count }, () => ({ ...create(), labels: labels() }));
  const tx = "autocommit";
  const start = {
    gate: async () => client.startChain({ tx, type: "gate", labels: labels() }),
    async batch(gate: Chain<"gate">) {
      const parts = await client.startChains({
        tx,
        chains: repeat(partCount, () => ({ type: "part" as const })),
      });
      return client.startChains({
        tx,
        chains: [
          ...repeat(600, () => ({ type: "order" as const, input: { orderId: sequence } })),
          ...repeat(350, () => ({ type: "report" as const, input: { day: sequence } })),
          ...repeat(10, () => ({ type: "broken" as const })),
          ...repeat(10, () => ({ type: "unhandled" as const })),
          ...repeat(10, () => ({ type: "later" as const, delayMs: 86_400_000 })),
          ...repeat(10, () => ({ type: "gated" as const, blockers: { gate } })),
          ...repeat(10, () => ({ type: "whole" as const, blockers: { parts } })),
        ],
      });
    },
  };
  let gate = await start.gate();
  const chainIds: Record<string, string> = { gate: gate.id };
  for (let batch = 0; batch * 1_000 < chainCount; batch++) {
    if (batch > 0 && batch % batchesPerGate === 0) gate = await start.gate();
    for (const { type, id } of await start.batch(gate)) chainIds[type] = id;
  }
  await runAll(client);
  return {
    client,
    chainIds: chainIds as Populated["chainIds"],
    startedBetween: [firstAt, new Date()],
  };
}

async function runAll(client: QueryClient): Promise<void> {
  const worker = createWorker(client, {
    concurrency: 50,
    handlers: {
      order: async ({ job, continueWith }) =>
        continueWith({ type: "order.ship", input: job.input }),
      "order.ship": async ({ job }) => ({ trackingId: `tracking of ${job.input.orderId}` }),
      report: async () => {},
      broken: async () => {
        throw new UnrecoverableError("The thing is broken.");
      },
      part: async () => {},
      whole: async () => {},
    },
  });
  await worker.start();
  await worker.drain();
  await worker.stop();
}
