import {
  formatJobId,
  type AttemptKey,
  type AttemptRecord,
  type ClaimedJob,
  type ExchangeResult,
  type NewChain,
  type Settlement,
  type StateAdapter,
  type Verdict,
} from "queuert/adapter";
import type { MemoryTransaction } from "queuert/testing";
import { startedByLabel } from "./checker.ts";
import type { SimulationOptions } from "./run-simulation.ts";
import type { Invariant } from "./violation.ts";

type Adapter = StateAdapter<MemoryTransaction>;

/** A database that breaks one promise, and the invariant by which it has to be found out. */
export interface Breakage extends Pick<SimulationOptions, "breakStore" | "breakReplies"> {
  readonly name: string;
  readonly invariant: Invariant;
  /** What the same lie breaks too, and a seed may come upon first. */
  readonly alsoBroken?: readonly Invariant[];
}

const centuryMs = 100 * 365 * 86_400_000;

/** One for each invariant at least: a simulation that cannot fail shows nothing. */
export const breakages: readonly Breakage[] = [
  {
    name: "a start answers before it is written, and never is",
    invariant: "nothingLost",
    breakStore: (inner) => {
      const answerThird = sometimes(inner.startChains, async ({ chains }) =>
        chains.map(({ chainId, traceContext }) => ({
          chainId,
          outcome: "created",
          jobStatus: "ready",
          traceContext,
        })),
      );
      // What would be answered to others is another lie.
      const isPlain = ({ blockers, deduplication }: NewChain): boolean =>
        blockers.length === 0 && deduplication === undefined;
      return {
        ...inner,
        startChains: (params) =>
          params.chains.every(isPlain) ? answerThird(params) : inner.startChains(params),
      };
    },
  },
  {
    name: "a start outlives its transaction",
    invariant: "atomicStart",
    // A job is claimed of which the model does not know.
    alsoBroken: ["oneOwner"],
    breakStore: (inner) => {
      let started: NewChain[] = [];
      return {
        ...inner,
        transaction: async (run) => {
          started = [];
          try {
            return await inner.transaction(run);
          } catch (error) {
            await inner.startChains({
              tx: undefined,
              chains: started.map((chain) => ({
                ...chain,
                deduplication: undefined,
                blockers: [],
              })),
            });
            throw error;
          }
        },
        startChains: (params) => {
          started.push(...params.chains);
          return inner.startChains(params);
        },
      };
    },
  },
  {
    name: "a settle in a transaction is answered and not done",
    invariant: "atomicEnd",
    breakReplies: (inner) => {
      // Where nothing else is written, all that is untrue is the news.
      const written = new WeakSet<MemoryTransaction>();
      return {
        ...inner,
        startChains: (params) => {
          const isHandlers = params.chains.some(({ labels }) => startedByLabel in labels);
          if (params.tx !== undefined && isHandlers) written.add(params.tx);
          return inner.startChains(params);
        },
        savepoint: (tx, run) =>
          inner.savepoint(tx, run).catch((error: unknown) => {
            written.delete(tx);
            throw error;
          }),
        settle: async (params) =>
          params.tx !== undefined && written.has(params.tx)
            ? params.settlements.map(() => ({ kind: "settled", effects: { unblocked: [] } }))
            : inner.settle(params),
      };
    },
  },
  {
    name: "a job is given to two workers",
    invariant: "oneOwner",
    breakStore: (inner) => {
      const given: { readonly workerId: string; readonly job: ClaimedJob }[] = [];
      return {
        ...inner,
        exchange: async (params) => {
          const result = await inner.exchange(params);
          const other =
            params.claim !== undefined && result.isLive
              ? given.find(({ workerId }) => workerId !== params.workerId)
              : undefined;
          for (const job of result.claimed) given.unshift({ workerId: params.workerId, job });
          return other === undefined
            ? result
            : { ...result, claimed: [...result.claimed, other.job] };
        },
      };
    },
  },
  {
    name: "the fence lets a stale attempt through",
    invariant: "fence",
    breakStore: (inner) => ({
      ...inner,
      exchange: async (params) =>
        mendVerdicts(params.settlements, await inner.exchange(params), (settlement) =>
          settleForHolder(inner, settlement),
        ),
    }),
  },
  {
    name: "a repeated settlement takes effect again",
    invariant: "fence",
    breakStore: (inner) => ({
      ...inner,
      exchange: async (params) => {
        const result = await inner.exchange(params);
        return {
          ...result,
          verdicts: result.verdicts.map((verdict) =>
            verdict.kind === "already" ? { kind: "settled", effects: { unblocked: [] } } : verdict,
          ),
        };
      },
    }),
  },
  {
    name: "an output is stored with the wrong job",
    invariant: "oneOutcome",
    breakStore: (inner) => {
      let last = JSON.stringify({ token: "somebody else's" });
      const mixUp = (settlement: Settlement): Settlement => {
        const { outcome } = settlement;
        if (outcome.kind !== "completed") return settlement;
        const output = last;
        last = outcome.output ?? last;
        return { ...settlement, outcome: { kind: "completed", output } };
      };
      return {
        ...inner,
        exchange: (params) =>
          inner.exchange({ ...params, settlements: params.settlements.map(mixUp) }),
      };
    },
  },
  {
    name: "a claim arrives twice",
    invariant: "oneExecution",
    breakReplies: (inner) => ({
      ...inner,
      exchange: async (params) => {
        const result = await inner.exchange(params);
        return { ...result, claimed: [...result.claimed, ...result.claimed] };
      },
    }),
  },
  {
    name: "an unblocked job is forgotten",
    invariant: "nothingLost",
    breakStore: (inner) => ({
      ...inner,
      exchange: async (params) => {
        const result = await inner.exchange(params);
        const unblocked = result.verdicts.flatMap((verdict) =>
          verdict.kind === "settled" ? verdict.effects.unblocked : [],
        );
        await inner.reschedule({
          tx: undefined,
          chainIds: unblocked.map(({ chainId }) => chainId),
          schedule: { delayMs: centuryMs },
        });
        return result;
      },
    }),
  },
  {
    name: "a retry is never due",
    invariant: "nothingLost",
    breakStore: (inner) => {
      const delay = (settlement: Settlement): Settlement =>
        settlement.outcome.kind === "retried"
          ? { ...settlement, outcome: { ...settlement.outcome, delayMs: centuryMs } }
          : settlement;
      return {
        ...inner,
        exchange: (params) =>
          inner.exchange({ ...params, settlements: params.settlements.map(delay) }),
      };
    },
  },
  {
    name: "a crash does not count",
    invariant: "crashCounts",
    breakStore: (inner) => ({
      ...inner,
      reap: async ({ attemptLimits }) => {
        const workers = (await inner.listWorkers({ limit: 1_000 })).filter(({ isLive }) => !isLive);
        const reaped = (
          await Promise.all(workers.map((worker) => takeJobs(inner, worker.workerId)))
        ).flat();
        return {
          reaped: reaped.filter(({ type }) => attemptLimits.some((limit) => limit.type === type)),
          workerIds: workers.map(({ workerId }) => workerId),
          isMore: false,
        };
      },
    }),
  },
  {
    name: "a live worker loses its jobs to the reaper",
    invariant: "leases",
    breakStore: (inner) => ({
      ...inner,
      reap: async (params) => {
        const worker = (await inner.listWorkers({ limit: 1_000 })).find(
          ({ isLive, runningCount }) => isLive && runningCount > 0,
        );
        return worker === undefined
          ? inner.reap(params)
          : { reaped: await takeJobs(inner, worker.workerId), workerIds: [], isMore: false };
      },
    }),
  },
  {
    name: "a transaction rolls back and says that it committed",
    invariant: "noFalseNews",
    breakReplies: (inner) => ({
      ...inner,
      transaction: async <TResult>(
        run: (tx: MemoryTransaction) => Promise<TResult>,
      ): Promise<TResult> => {
        const returned: TResult[] = [];
        const giveUp = new Error("rolled back");
        await inner
          .transaction(async (tx) => {
            returned.push(await run(tx));
            throw giveUp;
          })
          .catch((error: unknown) => {
            if (error !== giveUp) throw error;
          });
        return returned[0]!;
      },
    }),
  },
  {
    name: "who awaits a chain reads something else",
    invariant: "hintsOnly",
    breakReplies: (inner) => ({
      ...inner,
      getChains: async (params) =>
        (await inner.getChains(params)).map((record) =>
          record?.status === "completed"
            ? { ...record, output: JSON.stringify({ token: "nobody" }) }
            : record,
        ),
    }),
  },
  {
    name: "deduplication keys are ignored",
    invariant: "deduplication",
    breakStore: (inner) => ({
      ...inner,
      startChains: (params) =>
        inner.startChains({
          ...params,
          chains: params.chains.map((chain) => ({ ...chain, deduplication: undefined })),
        }),
    }),
  },
  {
    name: "blockers are ignored",
    invariant: "blockers",
    breakStore: (inner) => ({
      ...inner,
      startChains: async ({ tx, chains }) => {
        const isOpen = async (chainId: string): Promise<boolean> =>
          (await inner.getChains({ tx, chainIds: [chainId] }))[0]?.status === "open";
        const unblocked: NewChain[] = [];
        for (const chain of chains) {
          const openIds = new Set<string>();
          for (const { chainId } of chain.blockers) if (await isOpen(chainId)) openIds.add(chainId);
          unblocked.push({
            ...chain,
            blockers: chain.blockers.filter(({ chainId }) => !openIds.has(chainId)),
          });
        }
        return inner.startChains({ tx, chains: unblocked });
      },
    }),
  },
  {
    name: "dependents are miscounted",
    invariant: "noOrphan",
    breakStore: (inner) => ({
      ...inner,
      listJobs: async (params) =>
        (await inner.listJobs(params)).map((job) => ({
          ...job,
          dependents: Math.max(0, job.dependents - 1),
        })),
    }),
  },
  {
    name: "a deletion leaves attempts behind",
    invariant: "noOrphan",
    breakStore: (inner) => {
      const lost = new Map<string, readonly AttemptRecord[]>();
      return {
        ...inner,
        listAttempts: async ({ key }) => {
          const attempts = await inner.listAttempts({ key });
          return attempts.length > 0 ? attempts : (lost.get(formatJobId(key)) ?? []);
        },
        deleteChains: async (params) => {
          for (const chainId of params.chainIds) {
            const key = { chainId, chainIndex: 0 };
            lost.set(formatJobId(key), await inner.listAttempts({ key }));
          }
          return inner.deleteChains(params);
        },
      };
    },
  },
  {
    name: "a chain stays with its worker for ever",
    invariant: "fairness",
    breakReplies: (inner) => {
      // A worker that is given a type which it does not handle is another matter.
      const typesOf = new Map<string, readonly string[]>();
      const stick = (settlement: Settlement, workerId: string): Settlement => {
        const { outcome } = settlement;
        const isHandled =
          outcome.kind === "continued" && typesOf.get(workerId)?.includes(outcome.next.type);
        return isHandled === true
          ? { ...settlement, outcome: { ...outcome, isSticky: true } }
          : settlement;
      };
      return {
        ...inner,
        registerWorker: async (worker) => {
          typesOf.set(worker.workerId, worker.types);
          await inner.registerWorker(worker);
        },
        exchange: (params) =>
          inner.exchange({
            ...params,
            settlements: params.settlements.map((each) => stick(each, params.workerId)),
          }),
      };
    },
  },
  {
    name: "a pause is forgotten",
    invariant: "pausedTypes",
    breakStore: (inner) => ({ ...inner, setTypesPaused: async () => {} }),
  },
];

/** Breaks every third call. */
function sometimes<TParams extends { readonly tx: MemoryTransaction | undefined }, TResult>(
  run: (params: TParams) => Promise<TResult>,
  broken: (params: TParams) => Promise<TResult>,
): (params: TParams) => Promise<TResult> {
  let callCount = 0;
  return (params) => (++callCount % 3 === 0 ? broken(params) : run(params));
}

async function mendVerdicts(
  settlements: readonly Settlement[],
  result: ExchangeResult,
  mend: (settlement: Settlement) => Promise<Verdict | undefined>,
): Promise<ExchangeResult> {
  const verdicts: Verdict[] = [];
  for (const [index, verdict] of result.verdicts.entries()) {
    verdicts.push(
      (verdict.kind === "lost" ? await mend(settlements[index]!) : undefined) ?? verdict,
    );
  }
  return { ...result, verdicts };
}

/** Settles a job in the name of whoever holds it. */
async function settleForHolder(
  inner: Adapter,
  settlement: Settlement,
): Promise<Verdict | undefined> {
  const [job] = await inner.getJobs({ tx: undefined, keys: [settlement] });
  if (job?.status !== "running" || job.workerId === undefined)
    return { kind: "settled", effects: { unblocked: [] } };
  const { verdicts } = await inner.exchange({
    workerId: job.workerId,
    settlements: [{ ...settlement, claimNo: job.claimNo }],
    started: [],
    claim: undefined,
  });
  return verdicts[0];
}

/** Takes what a worker holds as if it had said goodbye, and tells it as a reap. */
async function takeJobs(
  inner: Adapter,
  workerId: string,
): Promise<
  readonly (AttemptKey & {
    type: string;
    chainType: string;
    attempt: number;
    workerId: string;
    outcome: "released";
  })[]
> {
  const jobs = await inner.listJobs({
    filter: { workerId, statuses: ["running"] },
    order: "oldest",
    after: undefined,
    limit: 1_000,
  });
  await inner.removeWorker({ workerId });
  return jobs.map(({ chainId, chainIndex, claimNo, type, chainType, attempt }) => ({
    chainId,
    chainIndex,
    claimNo,
    type,
    chainType,
    attempt,
    workerId,
    outcome: "released",
  }));
}
