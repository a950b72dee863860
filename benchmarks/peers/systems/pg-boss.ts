import pg from "pg";
import { PgBoss, type Job, type WorkOptions } from "pg-boss";

import {
  childCount,
  effectTable,
  numberRun,
  poolSizeFor,
  stepCount,
  type JobInput,
  type OpenSystem,
  type WorkerOptions,
} from "../system.ts";
import { countRows } from "./count-rows.ts";

const queue = "bench";

interface PlacedInput extends JobInput {
  /** The step of a chain, the place of a child; that of a parent is after its children's. */
  readonly position?: number;
}

interface TransactionalOptions extends WorkOptions {
  transactional: true;
}

const createBoss = (url: string, connectionCountMax: number): PgBoss =>
  new PgBoss({
    connectionString: url,
    max: connectionCountMax,
    useListenNotify: true,
    flowIntervalSeconds: 1,
  }).on("error", (error) => console.error(error));

export const open: OpenSystem = ({ url }, variant) => ({
  async install() {
    const boss = await createBoss(url, 2).start();
    await boss.createQueue(queue, { notify: true });
    await boss.stop();
  },

  async openProducer() {
    const boss = await createBoss(url, 20).start();
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    return {
      async startOne(input) {
        await boss.send(queue, input);
      },
      async startMany(kind, inputs) {
        if (kind === "fan") await startFans(boss, inputs);
        else
          await boss.insert(
            queue,
            inputs.map((data) => ({ data })),
          );
      },
      countOpen: async () => countRows(pool, "pgboss.job", "state < 'completed'"),
      async close() {
        await boss.stop();
        await pool.end();
      },
    };
  },

  async startWorker(options) {
    const boss = await createBoss(url, poolSizeFor(options.concurrency)).start();
    await beginWork(boss, options, variant);
    return { stop: async () => boss.stop({ graceful: true }) };
  },

  async remove() {},
});

async function startFans(boss: PgBoss, inputs: readonly JobInput[]): Promise<void> {
  await boss.flow(
    inputs.flatMap((input) => {
      const children = Array.from({ length: childCount }, (_, position) => ({
        ref: `${input.index}/${position}`,
        name: queue,
        data: { ...input, position },
      }));
      const parent = {
        ref: `${input.index}`,
        name: queue,
        data: { ...input, position: childCount },
        dependsOn: children.map(({ ref }) => ref),
      };
      return [...children, parent];
    }),
  );
}

async function beginWork(
  boss: PgBoss,
  { kind, concurrency, onRun }: WorkerOptions,
  variant: string,
): Promise<void> {
  const loops = loopsOf(concurrency, variant);
  const noteRuns = (jobs: readonly Job<PlacedInput>[]): void => {
    for (const { data } of jobs) onRun(numberRun(kind, data.index, data.position));
  };
  if (kind === "writing") {
    await boss.work<PlacedInput, void, TransactionalOptions>(
      queue,
      { ...loops, transactional: true },
      async (jobs, db) => {
        noteRuns(jobs);
        for (const { data } of jobs)
          await db.executeSql(`INSERT INTO ${effectTable} (job) VALUES ($1)`, [data.index]);
      },
    );
    return;
  }
  await boss.work<PlacedInput>(queue, loops, async (jobs) => {
    noteRuns(jobs);
    const next = kind === "chain" ? jobs.flatMap(({ data }) => nextStep(data)) : [];
    if (next.length > 0) await boss.insert(queue, next);
  });
}

function nextStep({ position = 0, ...input }: PlacedInput): { data: PlacedInput }[] {
  return position + 1 < stepCount ? [{ data: { ...input, position: position + 1 } }] : [];
}

/** The interval is the least allowed: it is what a loop waits between batches that do not come full. */
function loopsOf(concurrency: number, variant: string): WorkOptions {
  const pace = {
    pollingIntervalSeconds: 0.5,
    notifyPollingIntervalSeconds: 0.5,
    burstWhenBatchFull: true,
  };
  return variant === "tuned"
    ? { ...pace, localConcurrency: Math.max(1, Math.round(concurrency / 10)), batchSize: 100 }
    : { ...pace, batchSize: concurrency };
}
