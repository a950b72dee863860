import { isDeepStrictEqual } from "node:util";

import type { ChaosDatabase } from "../databases/chaos-database.ts";
import { expectChain, type StartedPlan } from "../workload/plans.ts";
import { checkTables } from "./table-checks.ts";

/** `lost`: something that should be there is not. `doubled`: something is there more than once, or should not be there at all. */
export type ViolationKind = "lost" | "doubled" | "inconsistent" | "surprise";

export interface Violation {
  readonly kind: ViolationKind;
  readonly text: string;
}

/** What is in the database when all is over. */
export interface Findings {
  readonly chainCount: number;
  readonly jobCount: number;
  readonly attemptMax: number;
  /** Attempts whose process or lease ended under them. */
  readonly lostAttemptCount: number;
  readonly violations: readonly Violation[];
}

interface LedgerRow {
  readonly chain_id: string;
  readonly kind: StartedPlan["kind"];
  readonly plan: string;
}

interface EffectRow {
  readonly chain_id: string;
  readonly effect: string;
}

interface JobRow {
  readonly chain_id: string;
  readonly chain_index: number;
  readonly type: string;
  readonly status: string;
  readonly attempt: number;
  readonly chain_status: string | null;
}

const pageSize = 5_000;
const idMin = "00000000-0000-0000-0000-000000000000";
const idMax = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/** Compares all that was started with all that is there: chain by chain, then the tables with each other. */
export async function checkDatabase(database: ChaosDatabase): Promise<Findings> {
  const violations: Violation[] = [];
  let [chainCount, jobCount, attemptMax] = [0, 0, 0];
  for (let after: string | undefined = idMin; after !== undefined;) {
    const page = await readPage(database, after);
    violations.push(...checkPage(page));
    chainCount += page.ledger.length;
    jobCount += page.jobs.length;
    attemptMax = page.jobs.reduce((max, { attempt }) => Math.max(max, attempt), attemptMax);
    after = page.lastId;
  }
  violations.push(...(await checkTables(database)));
  const [lost] = await database.query<{ count: number | string }>(
    "SELECT count(*) AS count FROM {attempt_failure} WHERE outcome = 'lost'",
  );
  return { chainCount, jobCount, attemptMax, lostAttemptCount: Number(lost!.count), violations };
}

interface Page {
  readonly ledger: readonly LedgerRow[];
  readonly jobs: readonly JobRow[];
  readonly effects: readonly EffectRow[];
  readonly visits: readonly EffectRow[];
  /** Where the next page begins; none after the last. */
  readonly lastId: string | undefined;
}

/** What belongs to the next chains by id. The last page goes on to the end of all ids, so that no job is left out. */
async function readPage({ query }: ChaosDatabase, after: string): Promise<Page> {
  const ledger = await query<LedgerRow>(
    `SELECT chain_id, kind, plan FROM chaos_chain WHERE chain_id > ? ORDER BY chain_id LIMIT ${pageSize}`,
    [after],
  );
  const lastId = ledger.length < pageSize ? undefined : ledger.at(-1)!.chain_id;
  const range = [after, lastId ?? idMax];
  return {
    ledger,
    lastId,
    jobs: await query<JobRow>(
      `SELECT chain_id, chain_index, type, status, attempt, chain_status FROM {job}
       WHERE chain_id > ? AND chain_id <= ? ORDER BY chain_id, chain_index`,
      range,
    ),
    effects: await query<EffectRow>(
      "SELECT chain_id, effect FROM chaos_effect WHERE chain_id > ? AND chain_id <= ?",
      range,
    ),
    visits: await query<EffectRow>(
      "SELECT DISTINCT chain_id, effect FROM chaos_visit WHERE chain_id > ? AND chain_id <= ?",
      range,
    ),
  };
}

function checkPage({ ledger, jobs, effects, visits }: Page): Violation[] {
  const [jobsOf, effectsOf, visitsOf] = [
    groupByChain(jobs),
    groupByChain(effects),
    groupByChain(visits),
  ];
  const known = new Set<string>();
  const violations = ledger.flatMap((row): Violation[] => {
    if (known.has(row.chain_id))
      return [{ kind: "doubled", text: `The start of chain "${row.chain_id}" was noted twice.` }];
    known.add(row.chain_id);
    return checkChain(
      row,
      jobsOf.get(row.chain_id) ?? [],
      (effectsOf.get(row.chain_id) ?? []).map(({ effect }) => effect),
      (visitsOf.get(row.chain_id) ?? []).map(({ effect }) => effect),
    );
  });
  for (const chainId of new Set([...jobsOf.keys(), ...effectsOf.keys(), ...visitsOf.keys()])) {
    if (!known.has(chainId))
      violations.push({
        kind: "doubled",
        text: `Chain "${chainId}" is there, and its start rolled back (P1).`,
      });
  }
  return violations;
}

function checkChain(
  row: LedgerRow,
  jobs: readonly JobRow[],
  effects: readonly string[],
  visits: readonly string[],
): Violation[] {
  const expected = expectChain({ kind: row.kind, plan: JSON.parse(row.plan) });
  const name = `The ${row.kind} "${row.chain_id}"`;
  if (jobs.length === 0)
    return [{ kind: "lost", text: `${name} was started, and is not there (P1).` }];
  const violations = compareLists(
    `Of ${name} the jobs`,
    jobs.map(({ type }) => type),
    expected.jobs,
  );
  violations.push(
    ...compareLists(`Of ${name} the effects`, effects.toSorted(), expected.effects.toSorted()),
    ...compareLists(`Of ${name} the visits`, visits.toSorted(), expected.visits.toSorted()),
  );
  const statuses = jobs.map(({ status }) => status);
  const expectedStatuses = expected.jobs.map((_, index) =>
    index < expected.jobs.length - 1 ? "continued" : expected.status,
  );
  const isContiguous = jobs.every(({ chain_index: index }, place) => index === place);
  if (
    !isDeepStrictEqual(statuses, expectedStatuses) ||
    jobs[0]!.chain_status !== expected.status ||
    !isContiguous
  ) {
    violations.push({
      kind: "lost",
      text: `${name} is ${jobs[0]!.chain_status}, with jobs ${statuses.join(", ")}, and should be ${expected.status} (P4).`,
    });
  }
  return violations;
}

/** What is missing is lost, what is too much is doubled. */
function compareLists(
  subject: string,
  found: readonly string[],
  expected: readonly string[],
): Violation[] {
  if (isDeepStrictEqual(found, expected)) return [];
  return [
    {
      kind: found.length > expected.length ? "doubled" : "lost",
      text: `${subject} are ${found.join(", ") || "none"}, and should be ${expected.join(", ") || "none"} (P2).`,
    },
  ];
}

function groupByChain<TRow extends { readonly chain_id: string }>(
  rows: readonly TRow[],
): Map<string, TRow[]> {
  const groups = new Map<string, TRow[]>();
  for (const row of rows) {
    const group = groups.get(row.chain_id);
    if (group === undefined) groups.set(row.chain_id, [row]);
    else group.push(row);
  }
  return groups;
}
