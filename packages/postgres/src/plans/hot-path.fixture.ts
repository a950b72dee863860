import type { ClaimedJob, ExchangeResult, NewChain, Settlement } from "queuert/adapter";

import {
  createPostgresStateAdapter,
  type PostgresStateAdapter,
} from "../create-postgres-state-adapter.ts";
import { newChain } from "../new-chain.fixture.ts";
import { newWorker } from "../new-worker.fixture.ts";
import { createNodePostgresProvider } from "../providers/node-postgres.ts";
import { openObservedClient, type ObservedClient } from "./observe-plans.fixture.ts";

/** A worker on one observed connection: its plans are made on empty tables and kept. */
export interface HotPath {
  readonly observed: ObservedClient;
  readonly state: PostgresStateAdapter<ObservedClient["client"]>;
  readonly workerId: string;
  /** In thousands. */
  startMany(count: number, fields?: Partial<NewChain>): Promise<void>;
  /** Settles, and claims from three types, of which one has never been. */
  exchange(settlements: readonly Settlement[], slots: number): Promise<ExchangeResult>;
  complete(jobs: readonly ClaimedJob[]): readonly Settlement[];
  close(): Promise<void>;
}

export async function openHotPath(url: string, schema: string): Promise<HotPath> {
  const observed = await openObservedClient(url);
  const state = createPostgresStateAdapter({
    provider: createNodePostgresProvider({ client: observed.client }),
    schema,
  });
  await state.migrate();
  // Statistics come when a test asks for them.
  await observed.client.query(
    `ALTER TABLE ${schema}.job SET (autovacuum_enabled = off); ALTER TABLE ${schema}.job_blocker SET (autovacuum_enabled = off)`,
  );
  const worker = newWorker();
  const { workerId } = worker;
  await state.registerWorker(worker);
  const exchange: HotPath["exchange"] = async (settlements, slots) =>
    state.exchange({
      workerId,
      settlements,
      started: [],
      claim: {
        types: ["absent", "work", "other"].map((type) => ({ type, limit: slots })),
        slots,
        ahead: 0,
      },
    });
  for (let count = 0; count < 10; count += 1) await exchange([], 50);
  return {
    observed,
    state,
    workerId,
    async startMany(count, fields) {
      for (let started = 0; started < count; started += 1_000) {
        await state.startChains({
          tx: undefined,
          chains: Array.from({ length: 1_000 }, () => newChain(fields)),
        });
      }
    },
    exchange,
    complete: (jobs) =>
      jobs.map(({ chainId, chainIndex, claimNo }) => ({
        chainId,
        chainIndex,
        claimNo,
        outcome: { kind: "completed", output: "{}" },
      })),
    async close() {
      await observed.client.query(`DROP SCHEMA ${schema} CASCADE`);
      await observed.close();
    },
  };
}
