import pg from "pg";

import {
  effectTable,
  numberRun,
  poolSizeFor,
  stepCount,
  type JobInput,
  type OpenSystem,
  type WorkerOptions,
} from "../system.ts";
import { countRows } from "./count-rows.ts";
import { createFloorTable, floorStatements, floorTable } from "./floor-statements.ts";

interface ClaimedRow {
  readonly id: string;
  readonly step: number;
  readonly input: JobInput;
}

/** Prepared once per connection. */
const prepared = (name: keyof typeof floorStatements, values: unknown[]): pg.QueryConfig => ({
  name,
  text: floorStatements[name],
  values,
});

/** No system, but the least that a durable queue has to do with the same driver: what is below it is lost to features. */
export const open: OpenSystem = ({ url }) => ({
  async install() {
    const pool = new pg.Pool({ connectionString: url });
    await pool.query(createFloorTable);
    await pool.end();
  },

  async openProducer() {
    const pool = new pg.Pool({ connectionString: url, max: 20 });
    return {
      async startOne(input) {
        await pool.query(prepared("insertOne", [JSON.stringify(input)]));
      },
      async startMany(_kind, inputs) {
        await pool.query(prepared("insertMany", [inputs.map((input) => JSON.stringify(input))]));
      },
      countOpen: async () => countRows(pool, floorTable, "state < 2"),
      close: async () => pool.end(),
    };
  },

  async startWorker(options) {
    const pool = new pg.Pool({ connectionString: url, max: poolSizeFor(options.concurrency) });
    const stopping = new AbortController();
    const work = async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        const { rows } = await pool.query<ClaimedRow>(prepared("claim", [options.concurrency]));
        if (rows.length > 0) await complete(pool, options, rows);
      }
    };
    const worked = work();
    return {
      async stop() {
        stopping.abort();
        await worked;
        await pool.end();
      },
    };
  },

  async remove() {},
});

async function complete(
  pool: pg.Pool,
  { kind, onRun }: WorkerOptions,
  rows: readonly ClaimedRow[],
): Promise<void> {
  if (kind === "writing") {
    await Promise.all(
      rows.map(async (row) => {
        onRun(numberRun(kind, row.input.index));
        await completeWriting(pool, row);
      }),
    );
    return;
  }
  for (const { input, step } of rows) onRun(numberRun(kind, input.index, step));
  const ids = rows.map(({ id }) => id);
  await (kind === "chain"
    ? pool.query(prepared("completeStep", [ids, stepCount - 1]))
    : pool.query(prepared("complete", [ids])));
}

/** The transaction that every handler with writes of its own has to make: its row, the completion, COMMIT. */
async function completeWriting(pool: pg.Pool, { id, input }: ClaimedRow): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await client.query({
      name: "effect",
      text: `INSERT INTO ${effectTable} (job) VALUES ($1)`,
      values: [input.index],
    });
    await client.query(prepared("complete", [[id]]));
    await client.query("COMMIT");
  } finally {
    client.release();
  }
}
