import { ChainNotFoundError, JobNotFoundError } from "../../errors/chain-errors.ts";
import type { EngineContext } from "../../engine/context.ts";
import { explain, requireChainId, requireJobKey } from "../../engine/explain.ts";
import { formatJobId } from "../../model/ids.ts";
import { checkNumber } from "../../model/options.ts";
import type { AttemptRecord, JobRecord } from "../../ports/state-reads.ts";
import { toChainDetails } from "./chain-details.ts";
import type {
  AttemptSummary,
  Inspect,
  InspectOptions,
  JobDetails,
  JobPage,
  JobSelection,
  PageOptions,
} from "./inspect-api.ts";
import { readPage } from "./pages.ts";
import { createPayloadReader, readEnding, type PayloadReader } from "./read-payloads.ts";
import { toChainFilter, toJobFilter } from "./selections.ts";
import { toChainNetwork, toChainSummary, toJobSummary, toWorkerSummary } from "./summaries.ts";
import { countCap, summariseStats, summariseTypes, type TypeSources } from "./type-summaries.ts";

const workerLimit = 1_000;
const graphDepth = { default: 3, max: 10 };
const graphLimitMax = 200;

/** Makes the reads for people and tools. */
export function createInspect<TTransaction>(
  context: EngineContext<TTransaction>,
  options: InspectOptions,
): Inspect {
  const { state } = context;
  const payloads = createPayloadReader(options.redact);

  const readJob = async (jobId: string): Promise<JobRecord | undefined> => {
    const [record] = await state.getJobs({ tx: undefined, keys: [requireJobKey(jobId)] });
    return record;
  };

  const listJobs = async (given: JobSelection & PageOptions = {}): Promise<JobPage> => {
    const filter = toJobFilter(given);
    const { records, ...next } = await readPage("jobs", given, (page) =>
      state.listJobs({ filter, ...page }),
    );
    return { jobs: records.map(toJobSummary), ...next };
  };

  const readTypeSources = async (): Promise<TypeSources> => ({
    definitions: context.jobTypes.definitions,
    stats: await state.stats({ cap: countCap }),
    pauses: await state.listTypes(),
    workers: await state.listWorkers({ limit: workerLimit }),
  });

  return {
    async listChains(given = {}) {
      const filter = toChainFilter(given);
      const { records, ...next } = await readPage("chains", given, (page) =>
        state.listChains({ filter, ...page, after: page.after?.chainId }),
      );
      return { chains: records.map(toChainSummary), ...next };
    },

    async countChains(given = {}) {
      // One further than is told: that tells 10,000 from more.
      const count = await state.countChains({ filter: toChainFilter(given), cap: countCap + 1 });
      return { count: Math.min(count, countCap), isCapped: count > countCap };
    },

    async getChain(given) {
      const chainId = requireChainId(given.chainId);
      const [record] = await state.getChains({ tx: undefined, chainIds: [chainId] });
      if (record === undefined) return undefined;
      const jobs = await listJobs({ chainId, order: "oldest" });
      const graph = await state.chainGraph({ chainId, depth: 1, limit: graphLimitMax });
      return toChainDetails({ record, jobs, graph }, payloads);
    },

    listJobs,

    async getJob({ jobId }) {
      const record = await readJob(jobId);
      return record === undefined ? undefined : toJobDetails(record, payloads);
    },

    async listAttempts({ jobId }) {
      const job = await readJob(jobId);
      if (job === undefined) throw new JobNotFoundError({ jobId });
      const attempts = await state.listAttempts({
        key: { chainId: job.chainId, chainIndex: job.chainIndex },
      });
      return attempts.map((attempt) => toAttemptSummary(attempt, job, payloads));
    },

    async graph(given) {
      const chainId = requireChainId(given.chainId);
      const depth = checkNumber(given.depth ?? graphDepth.default, "depth", {
        min: 1,
        max: graphDepth.max,
        isWhole: true,
      });
      const limit = checkNumber(given.limit ?? graphLimitMax, "limit", {
        min: 1,
        max: graphLimitMax,
        isWhole: true,
      });
      const graph = await state.chainGraph({ chainId, depth, limit });
      if (graph.chains.length === 0) throw new ChainNotFoundError({ chainId });
      return toChainNetwork(graph);
    },

    async listWorkers() {
      return (await state.listWorkers({ limit: workerLimit })).map(toWorkerSummary);
    },

    async listTypes() {
      return summariseTypes(await readTypeSources());
    },

    async stats() {
      return summariseStats(await readTypeSources());
    },

    async explain(target) {
      return explain(context, target, payloads.error);
    },
  };
}

function toJobDetails(record: JobRecord, payloads: PayloadReader): JobDetails {
  return {
    ...toJobSummary(record),
    input: payloads.value(record.input, "input", record),
    output: payloads.value(record.output, "output", record),
    progress: payloads.value(record.progress, "progress", record),
    ...readEnding(payloads, { status: record.status, text: record.error }, record),
  };
}

function toAttemptSummary(
  record: AttemptRecord,
  job: JobRecord,
  payloads: PayloadReader,
): AttemptSummary {
  const { attempt, workerId, outcome, startedAt, endedAt } = record;
  const error = record.error === undefined ? undefined : payloads.error(record.error, job);
  return {
    jobId: formatJobId(record),
    attempt,
    workerId,
    outcome,
    startedAt,
    endedAt,
    error: error ?? null,
  };
}
