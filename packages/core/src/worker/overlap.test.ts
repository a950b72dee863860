import { expect, it } from "vitest";

import { createMemoryNotifyAdapter } from "../memory/create-memory-notify-adapter.ts";
import { createMemoryStateAdapter } from "../memory/create-memory-state-adapter.ts";
import { systemChance } from "../ports/chance.ts";
import { systemClock } from "../ports/clock.ts";
import { createClientIn } from "../testing/create-client-in.ts";
import { defineJobTypes } from "../types/define-job-types.ts";
import { createWorker } from "./create-worker.ts";

const jobTypes = defineJobTypes<{ work: { entry: true } }>();

const exchangeSizeMax = 20;

const nextTurn = (): Promise<void> => new Promise((resolve) => systemClock.defer(resolve));

interface Flight {
  readonly settledCount: number;
  readonly claimedAheadCount: number;
  beganCount: number;
}

it("held jobs run while the database is at an exchange, which has as many outcomes as it may", async () => {
  const memory = createMemoryStateAdapter();
  const flights: Flight[] = [];
  let flight: Flight | undefined;
  const exchange: typeof memory.exchange = async (params) => {
    const { settlements, claim } = params;
    flight = {
      settledCount: settlements.length,
      claimedAheadCount: claim?.ahead ?? 0,
      beganCount: 0,
    };
    flights.push(flight);
    const result = await memory.exchange(params);
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    flight = undefined;
    return result;
  };
  const state = { ...memory, exchange };
  const notify = createMemoryNotifyAdapter();
  const client = await createClientIn(
    { clock: systemClock, chance: systemChance, exchangeSizeMax },
    { jobTypes, state, notify },
  );
  const chains = Array.from({ length: 400 }, () => ({ type: "work" as const }));
  await client.startChains({ tx: "autocommit", chains });
  const worker = createWorker(client, {
    concurrency: 5,
    prefetchMs: 10_000,
    handlers: {
      work: async () => {
        if (flight !== undefined) flight.beganCount++;
      },
    },
  });
  await worker.start();
  await worker.drain();
  await worker.stop();

  const full = flights.filter(({ settledCount }) => settledCount === exchangeSizeMax);
  expect(full.length).toBeGreaterThan(10);
  // All but the first and the last ones.
  expect(full.slice(3, -3).every(({ beganCount }) => beganCount >= exchangeSizeMax / 2)).toBe(true);
  for (const { settledCount, claimedAheadCount } of flights) {
    expect(settledCount).toBeLessThanOrEqual(exchangeSizeMax);
    expect(claimedAheadCount).toBeLessThanOrEqual(2 * exchangeSizeMax);
  }
});
