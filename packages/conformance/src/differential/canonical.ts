import type { ChainRecord, JobRecord, StateAdapter } from "queuert/adapter";

/** All that a store shows, in a form in which two stores with the same content are equal. */
export async function takeSnapshot(state: StateAdapter): Promise<unknown> {
  const limit = 100_000;
  const [listedChains, listedJobs, workers, types, stats] = [
    await state.listChains({ filter: {}, order: "oldest", after: undefined, limit }),
    await state.listJobs({ filter: {}, order: "oldest", after: undefined, limit }),
    await state.listWorkers({ limit }),
    await state.listTypes(),
    await state.stats({ cap: limit }),
  ];
  const chains = await state.getChains({
    tx: undefined,
    chainIds: listedChains.map((chain) => chain.chainId),
  });
  const jobs = await state.getJobs({ tx: undefined, keys: listedJobs });
  const attempts = [];
  for (const job of listedJobs) {
    attempts.push(...(await state.listAttempts({ key: job })));
  }
  return {
    listed: listedChains.map(canonicalChain),
    chains: chains.map((chain) => (chain === undefined ? undefined : canonicalChain(chain))),
    jobs: jobs.map((job) => (job === undefined ? undefined : canonicalJob(job))),
    attempts,
    workers: sortBy(workers, (worker) => worker.workerId),
    types: sortBy(types, (type) => type.type),
    stats: sortBy(
      stats.filter((entry) => Object.values(entry.counts).some((count) => count > 0)),
      (entry) => entry.type,
    ),
  };
}

function canonicalChain(chain: ChainRecord): unknown {
  return {
    ...chain,
    labels: Object.fromEntries(sortBy(Object.entries(chain.labels), ([key]) => key)),
  };
}

/** Leaves out what the port says nothing of in a status: who held a job that is over, when a blocked one was ready last. */
function canonicalJob(job: JobRecord): unknown {
  const isFinal = ["completed", "continued", "failed", "cancelled"].includes(job.status);
  const isRunning = job.status === "running";
  return {
    ...job,
    readyAt: isRunning || job.status === "ready" ? job.readyAt : undefined,
    claimedAt: isRunning ? job.claimedAt : undefined,
    progress: isRunning ? job.progress : undefined,
    completedBy: isFinal ? job.completedBy : undefined,
    openBlockers: job.status === "blocked" ? job.openBlockers : undefined,
    error: isFinal ? job.error : undefined,
  };
}

export function sortBy<TValue>(
  values: readonly TValue[],
  keyOf: (value: TValue) => string,
): TValue[] {
  return values.toSorted((left, right) =>
    keyOf(left) < keyOf(right) ? -1 : keyOf(left) > keyOf(right) ? 1 : 0,
  );
}
