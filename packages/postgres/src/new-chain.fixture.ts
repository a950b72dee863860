import { randomBytes } from "node:crypto";

import { formatUuidV7, type NewChain, type NewJob } from "queuert/adapter";

let sequence = 0;

/** A chain id of a time, greater than all made before for it. */
export function newChainId(timeMs: number = Date.now()): string {
  sequence += 1;
  return formatUuidV7(timeMs, sequence % 4096, randomBytes(10));
}

/** A job that is ready at once, and whose fields are of no matter, but for those given. */
export function newJob(fields: Partial<NewJob> = {}): NewJob {
  return {
    type: "work",
    input: "null",
    priority: 5,
    schedule: undefined,
    blockers: [],
    traceContext: undefined,
    ...fields,
  };
}

/** A chain of one such job. */
export function newChain(fields: Partial<NewChain> = {}): NewChain {
  return {
    ...newJob(),
    chainId: newChainId(),
    deduplication: undefined,
    labels: {},
    isUnannounced: false,
    ...fields,
  };
}
