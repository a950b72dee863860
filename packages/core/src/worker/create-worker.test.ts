import { expect, it } from "vitest";

import { createMemoryNotifyAdapter } from "../memory/create-memory-notify-adapter.ts";
import { createMemoryStateAdapter } from "../memory/create-memory-state-adapter.ts";
import { systemChance } from "../ports/chance.ts";
import { systemClock } from "../ports/clock.ts";
import { countTimers } from "../testing/count-timers.ts";
import { createClientIn } from "../testing/create-client-in.ts";
import { defineJobTypes } from "../types/define-job-types.ts";
import { createWorker } from "./create-worker.ts";

const jobTypes = defineJobTypes<{ work: { entry: true } }>();

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function createDeferred(): Deferred {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

it("G: a worker that has stopped sets no timer, though a look that it took for lost jobs ends later", async () => {
  const clock = countTimers(systemClock);
  const memory = createMemoryStateAdapter();
  const notify = createMemoryNotifyAdapter();
  const looking = createDeferred();
  const answer = createDeferred();
  const getJobs: typeof memory.getJobs = async (params) => {
    looking.resolve();
    await answer.promise;
    return memory.getJobs(params);
  };
  const state = { ...memory, getJobs };
  const client = await createClientIn({ clock, chance: systemChance }, { jobTypes, state, notify });
  const working = createDeferred();
  const worker = createWorker(client, {
    handlers: { work: async () => working.promise },
  });
  await worker.start();
  await client.startChain({ tx: "autocommit", type: "work" });
  await notify.publish([{ kind: "worker", workerId: worker.id }]);
  await looking.promise;
  working.resolve();
  await worker.stop();
  expect(clock.timerCount).toBe(0);
  answer.resolve();
  await new Promise<void>((resolve) => systemClock.defer(resolve));
  expect(clock.timerCount).toBe(0);
});
