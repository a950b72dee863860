import type { NewWorker } from "queuert/adapter";

import { newChainId } from "./new-chain.fixture.ts";

/** A worker for work, whose lease outlives the test, but for the fields given. */
export function newWorker(fields: Partial<NewWorker> = {}): NewWorker {
  return {
    workerId: newChainId(),
    name: "worker",
    host: "host",
    pid: 1,
    types: ["work"],
    concurrency: 10,
    leaseMs: 600_000,
    ...fields,
  };
}
