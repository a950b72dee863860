import { ChainNotFoundError, JobNotFoundError } from "../errors/chain-errors.ts";
import { OptionInvalidError } from "../errors/value-errors.ts";
import { decodeCancelReason } from "../model/cancel-reason.ts";
import { decodeError, type StoredError } from "../model/error-codec.ts";
import { explainJob, type BlockerFacts, type FleetFacts, type JobFacts } from "../model/explain.ts";
import type { Explanation, PreviousAttempt } from "../model/explanation.ts";
import { formatJobId, parseJobId, type JobKey } from "../model/ids.ts";
import type { ChainRecord, ChainGraph, JobRecord, StateReads } from "../ports/state-reads.ts";
import type { EngineContext } from "./context.ts";

/** Reads a stored error of a job, and may hide what is in it. */
type ErrorReader = (
  text: string,
  job: JobKey & { readonly type: string },
) => StoredError | undefined;

/** A job, or the last job of a chain. */
interface ExplainTarget {
  readonly jobId?: string | undefined;
  readonly chainId?: string | undefined;
}

const workerLimit = 1_000;
/** Chains that are named for one job. */
const blockerLimit = 10;
/** Chains that are followed one behind the other. */
const depthMax = 10;
/** Blocked jobs whose blockers are looked up, in all: each costs two or three reads. */
const lookUpMax = 20;
const graphLimit = 200;

/**
 * Gathers why a job is where it is. The reads are snapshots one after the other: a job that moves meanwhile may be explained by what was
 * true a moment before. Throws `JobNotFoundError`, `ChainNotFoundError`, `OptionInvalidError` for an id that is none.
 */
export async function explain<TTransaction>(
  context: Pick<EngineContext<TTransaction>, "state">,
  target: ExplainTarget,
  readError: ErrorReader = decodeError,
): Promise<Explanation> {
  const { state } = context;
  const key = await findKey(state, target);
  const [record] = await state.getJobs({ tx: undefined, keys: [key] });
  if (record === undefined) throw new JobNotFoundError({ jobId: formatJobId(key) });
  const job = await createGatherer(state, readError)(record, []);
  return explainJob({ job, fleet: await readFleet(state) });
}

/** The key that a public job id names. Throws `OptionInvalidError`. */
export function requireJobKey(jobId: unknown): JobKey {
  const key = typeof jobId === "string" ? parseJobId(jobId) : undefined;
  if (key === undefined) {
    throw new OptionInvalidError(
      `"${String(jobId).slice(0, 80)}" is no job id. A job id is a chain id, a colon and the job's place in its chain.`,
      { option: "jobId" },
    );
  }
  return key;
}

/** A chain id as it may stand in a request. Throws `OptionInvalidError`. */
export function requireChainId(chainId: unknown): string {
  if (typeof chainId === "string" && chainId !== "") return chainId;
  throw new OptionInvalidError("chainId is no text. Give the id of a chain.", {
    option: "chainId",
  });
}

async function findKey(
  state: StateReads<never>,
  { jobId, chainId }: ExplainTarget,
): Promise<JobKey> {
  if ((jobId === undefined) === (chainId === undefined)) {
    throw new OptionInvalidError("Give either jobId or chainId.", { option: "jobId" });
  }
  if (jobId !== undefined) return requireJobKey(jobId);
  const id = requireChainId(chainId!);
  const [chain] = await state.getChains({ tx: undefined, chainIds: [id] });
  if (chain === undefined) throw new ChainNotFoundError({ chainId: id });
  return { chainId: id, chainIndex: chain.last.chainIndex };
}

async function readFleet(state: StateReads<never>): Promise<FleetFacts> {
  const workers = await state.listWorkers({ limit: workerLimit });
  const types = await state.listTypes();
  return {
    workers,
    isCapped: workers.length >= workerLimit,
    pausedTypes: new Set(types.filter(({ isPaused }) => isPaused).map(({ type }) => type)),
  };
}

/** Gathers a job's facts. `path`: the chains that wait for it, from the explained job on. */
type Gatherer = (record: JobRecord, path: readonly string[]) => Promise<JobFacts>;

function createGatherer(state: StateReads<never>, readError: ErrorReader): Gatherer {
  let lookUpCount = 0;

  const gatherJob: Gatherer = async (record, path) => {
    const isFollowed =
      record.status === "blocked" && path.length < depthMax && lookUpCount < lookUpMax;
    if (isFollowed) lookUpCount++;
    return {
      ...record,
      error:
        record.status === "failed" && record.error !== undefined
          ? readError(record.error, record)
          : undefined,
      cancelReason: record.status === "cancelled" ? decodeCancelReason(record.error) : undefined,
      previous: await readPrevious(state, record, readError),
      blockers: isFollowed ? await gatherBlockers(record, [...path, record.chainId]) : [],
    };
  };

  const gatherBlockers = async (
    record: JobRecord,
    path: readonly string[],
  ): Promise<readonly BlockerFacts[]> => {
    const graph = await state.chainGraph({ chainId: record.chainId, depth: 1, limit: graphLimit });
    const open = openBlockers(graph, record).slice(0, blockerLimit);
    const followed = open.filter(({ chain }) => !path.includes(chain.chainId));
    const lastJobs = await state.getJobs({
      tx: undefined,
      keys: followed.map(({ chain }) => lastKey(chain)),
    });
    const facts: BlockerFacts[] = [];
    for (const { slot, ordinal, chain } of open) {
      const last = lastJobs[followed.findIndex((other) => other.chain === chain)];
      facts.push({
        slot,
        ordinal,
        chainId: chain.chainId,
        chainType: chain.type,
        chainStatus: chain.status,
        isDeadlock: path.includes(chain.chainId),
        last: last === undefined ? undefined : await gatherJob(last, path),
      });
    }
    return facts;
  };

  return gatherJob;
}

interface OpenBlocker {
  readonly slot: string;
  readonly ordinal: number;
  readonly chain: ChainRecord;
}

const blockingStatuses: readonly ChainRecord["status"][] = ["failed", "cancelled", "open"];

/** The chains that a job still waits for. Failed ones come first, so that the limit never hides what has to be repaired. */
function openBlockers(graph: ChainGraph, job: JobKey): readonly OpenBlocker[] {
  const chains = new Map(graph.chains.map((chain) => [chain.chainId, chain]));
  return graph.edges
    .filter((edge) => edge.job.chainId === job.chainId && edge.job.chainIndex === job.chainIndex)
    .flatMap(({ slot, ordinal, blockedBy }) => {
      const chain = chains.get(blockedBy);
      return chain === undefined || chain.status === "completed" ? [] : [{ slot, ordinal, chain }];
    })
    .toSorted(
      (left, right) =>
        blockingStatuses.indexOf(left.chain.status) - blockingStatuses.indexOf(right.chain.status),
    );
}

function lastKey(chain: ChainRecord): JobKey {
  return { chainId: chain.chainId, chainIndex: chain.last.chainIndex };
}

/** The attempt before this wait. A record of an earlier count, from before a redrive, is none. */
async function readPrevious(
  state: StateReads<never>,
  record: JobRecord,
  readError: ErrorReader,
): Promise<PreviousAttempt | undefined> {
  if (record.attempt === 0 || (record.status !== "scheduled" && record.status !== "ready"))
    return undefined;
  const newest = (await state.listAttempts({ key: record })).at(-1);
  if (newest?.attempt !== record.attempt) return undefined;
  const { attempt, outcome } = newest;
  return {
    attempt,
    outcome,
    error: newest.error === undefined ? undefined : readError(newest.error, record),
  };
}
