import pg from "pg";

/** A scan of one of our tables or indexes, added up over a statement. */
export interface Scan {
  readonly table: string;
  /** `undefined` for a scan of the table itself. */
  readonly index: string | undefined;
  /** Rows that came out of it, over all its loops: where the server rounds, the fewest that it may mean. */
  readonly rowCount: number;
  /** Rows that it looked at in vain. */
  readonly removedCount: number;
}

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Rows Removed by Index Recheck"?: number;
  readonly "Shared Hit Blocks"?: number;
  readonly "Shared Read Blocks"?: number;
  readonly Plans?: readonly PlanNode[];
}

/** A connection that tells how the server ran each statement, those inside functions included. */
export interface ObservedClient {
  readonly client: pg.Client;
  /** Runs `run` and answers all scans of tables that it came to. */
  observe(run: () => Promise<unknown>): Promise<readonly Scan[]>;
  /** Runs `run`, which sends one statement, and answers how many pages that looked at. */
  countPages(run: () => Promise<unknown>): Promise<number>;
  close(): Promise<void>;
}

/** Opens one, as a superuser: the server's own module explains what was run, so what is seen is no copy of a statement but itself. */
export async function openObservedClient(url: string): Promise<ObservedClient> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("LOAD 'auto_explain'");
  let plans: string[] = [];
  client.on("notice", ({ message }) => {
    if (message?.includes("plan:") === true) plans.push(message.slice(message.indexOf("{")));
  });
  await client.query(
    "SET auto_explain.log_nested_statements = on; SET auto_explain.log_analyze = on; SET auto_explain.log_buffers = on; SET auto_explain.log_timing = off; SET auto_explain.log_format = json; SET client_min_messages = log",
  );
  const version = await client.query<{ server_version_num: string }>("SHOW server_version_num");
  const isRounded = Number(version.rows[0]!.server_version_num) < 180_000;
  const explain = async (run: () => Promise<unknown>): Promise<readonly PlanNode[]> => {
    plans = [];
    await client.query("SET auto_explain.log_min_duration = 0");
    await run();
    await client.query("SET auto_explain.log_min_duration = -1");
    return plans.map((text) => (JSON.parse(text) as { Plan: PlanNode }).Plan);
  };
  return {
    client,
    observe: async (run) => (await explain(run)).flatMap((plan) => listScans(plan, isRounded)),
    async countPages(run) {
      // The statement that was sent is told last, and includes those inside of it.
      const sent = (await explain(run)).findLast(({ Plans }) => Plans === undefined);
      return (sent?.["Shared Hit Blocks"] ?? 0) + (sent?.["Shared Read Blocks"] ?? 0);
    },
    close: async () => client.end(),
  };
}

/** `isRounded`: the rows of a loop, an average, are told as a whole number, as servers do before version 18. */
function listScans(node: PlanNode, isRounded: boolean): readonly Scan[] {
  const inner = (node.Plans ?? []).flatMap((plan) => listScans(plan, isRounded));
  const isScan = node["Node Type"].includes("Scan");
  const table = node["Relation Name"];
  const index = node["Index Name"];
  if (!isScan || (table === undefined && index === undefined)) return inner;
  const loops = node["Actual Loops"];
  const rows = node["Actual Rows"];
  return [
    {
      table: table ?? "",
      index,
      rowCount:
        isRounded && loops > 1 && rows > 0
          ? Math.ceil((rows - 0.5) * loops)
          : Math.round(rows * loops),
      removedCount:
        ((node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0)) *
        loops,
    },
    ...inner,
  ];
}
