import { Logger, makeWorkerUtils, run, WorkerPreset, type TaskList } from "graphile-worker";
import pg from "pg";

import {
  numberRun,
  poolSizeFor,
  stepCount,
  type JobInput,
  type JobKind,
  type OpenSystem,
} from "../system.ts";
import { countRows } from "./count-rows.ts";

const logger = new Logger(() => () => {});

interface StepInput extends JobInput {
  readonly step?: number;
}

/** As its page on performance sets it up for throughput. */
const tunedOptions: Partial<GraphileConfig.WorkerOptions> = {
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};

export const open: OpenSystem = ({ url }, variant) => ({
  async install() {
    const utils = await makeWorkerUtils({ connectionString: url, logger });
    await utils.migrate();
    await utils.release();
  },

  async openProducer() {
    const utils = await makeWorkerUtils({
      preset: {
        extends: [WorkerPreset],
        worker: { connectionString: url, maxPoolSize: 20, logger },
      },
    });
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    return {
      async startOne(input) {
        await utils.addJob("plain", input);
      },
      async startMany(kind, inputs) {
        await utils.addJobs(inputs.map((payload) => ({ identifier: taskOf(kind), payload })));
      },
      // Completed jobs are deleted.
      countOpen: async () => countRows(pool, "graphile_worker._private_jobs", "true"),
      async close() {
        await utils.release();
        await pool.end();
      },
    };
  },

  async startWorker({ kind, concurrency, onRun }) {
    const taskList: TaskList = {
      async plain(input) {
        onRun(numberRun(kind, (input as JobInput).index));
      },
      async step(input, { addJob }) {
        const { step = 0, ...rest } = input as StepInput;
        onRun(numberRun(kind, rest.index, step));
        if (step + 1 < stepCount) await addJob("step", { ...rest, step: step + 1 });
      },
    };
    const runner = await run({
      preset: {
        extends: [WorkerPreset],
        worker: {
          connectionString: url,
          concurrentJobs: concurrency,
          maxPoolSize: poolSizeFor(concurrency),
          ...(variant === "tuned" ? tunedOptions : {}),
        },
      },
      logger,
      taskList,
      noHandleSignals: true,
    });
    return { stop: async () => runner.stop() };
  },

  async remove() {},
});

const taskOf = (kind: JobKind): string => (kind === "chain" ? "step" : "plain");
