import { createTestName, findMainServerUrl } from "@queuert/testkit/postgres";
import type { ExchangeResult, Settlement } from "queuert/adapter";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { newChain, newChainId } from "../new-chain.fixture.ts";
import { openHotPath, type HotPath } from "./hot-path.fixture.ts";
import type { ObservedClient, Scan } from "./observe-plans.fixture.ts";

// Traps C8, C8b and C9.
const schema = createTestName();
const backlogCount = 100_000;
const batchCount = 50;

let hot: HotPath;
let observed: ObservedClient;
let state: HotPath["state"];
let workerId: string;

beforeAll(async () => {
  hot = await openHotPath(await findMainServerUrl(), schema);
  ({ observed, state, workerId } = hot);
});

afterAll(async () => {
  await hot.close();
});

async function exchange(settlements: readonly Settlement[]): Promise<ExchangeResult> {
  return hot.exchange(settlements, batchCount);
}

async function settleInTransaction(settlements: readonly Settlement[]): Promise<void> {
  await state.transaction(async (tx) => state.settle({ tx, workerId, settlements }));
}

type Outcome = Settlement["outcome"];

const nextWork = {
  type: "work",
  input: "{}",
  priority: 5,
  schedule: undefined,
  blockers: [],
  traceContext: undefined,
};

function settlementsOf(
  { claimed }: ExchangeResult,
  outcomeOf: (place: number) => Outcome,
): readonly Settlement[] {
  return claimed.map(({ chainId, chainIndex, claimNo }, place) => ({
    chainId,
    chainIndex,
    claimNo,
    outcome: outcomeOf(place),
  }));
}

/** Every kind of outcome in one batch. */
function mixedOutcome(place: number): Outcome {
  switch (place % 5) {
    case 0:
      return { kind: "continued", next: { ...nextWork, type: "other" }, isSticky: false };
    case 1:
      return { kind: "retried", delayMs: 60_000, error: "{}" };
    case 2:
      return { kind: "failed", error: "{}" };
    case 3:
      return { kind: "released" };
    default:
      return { kind: "completed", output: "{}" };
  }
}

/** Everything goes through an index, and looks at no more than the batch asks for, whatever else is in the tables. */
function expectBounded(scans: readonly Scan[], rowCountMax: number): void {
  expect(scans).not.toEqual([]);
  const tableScans = scans.filter(({ index }) => index === undefined);
  expect(tableScans).toEqual([]);
  const dear = scans.filter(({ rowCount, removedCount }) => rowCount + removedCount > rowCountMax);
  expect(dear).toEqual([]);
}

function indexesOf(scans: readonly Scan[], table: string): readonly string[] {
  const names = scans.flatMap((scan) => (scan.table === table ? [scan.index ?? "none"] : []));
  return [...new Set(names)].toSorted();
}

// One after another: each finds the tables as the one before left them.
describe("plans of the hot statements, made on empty tables", { shuffle: false }, () => {
  let jobs: ExchangeResult;

  test("C8b: a claim from a backlog walks the ready index and stops where the room ends", async () => {
    await hot.startMany(backlogCount);
    const scans = await observed.observe(async () => (jobs = await exchange([])));
    expect(jobs.claimed).toHaveLength(batchCount);
    expectBounded(scans, batchCount);
    expect(indexesOf(scans, "job")).toEqual(["job_pkey", "job_ready"]);
  });

  test("an exchange of completed jobs reaches each by its key", async () => {
    const settlements = hot.complete(jobs.claimed);
    const scans = await observed.observe(async () => (jobs = await exchange(settlements)));
    expect(jobs.verdicts).toHaveLength(batchCount);
    expectBounded(scans, batchCount);
    expect(indexesOf(scans, "job")).toEqual(["job_pkey", "job_ready"]);
  });

  test("so does a job that is completed in the user's transaction", async () => {
    const { claimed } = await hot.exchange([], 1);
    const scans = await observed.observe(async () => settleInTransaction(hot.complete(claimed)));
    expectBounded(scans, 1);
    expect(indexesOf(scans, "job")).toEqual(["job_pkey"]);
  });

  test("so does one with every kind of outcome, and one that closes chains of several jobs", async () => {
    const mixed = settlementsOf(jobs, mixedOutcome);
    expectBounded(
      await observed.observe(async () => (jobs = await exchange(mixed))),
      2 * batchCount,
    );
    const continued: readonly Settlement[] = jobs.claimed.map((job) => ({
      ...job,
      outcome: { kind: "continued", next: nextWork, isSticky: true },
    }));
    const sticky = await exchange(continued);
    const second = sticky.verdicts.flatMap((verdict) =>
      verdict.kind === "settled" && verdict.next !== undefined ? [verdict.next] : [],
    );
    expect(second).toHaveLength(batchCount);
    const closing = hot.complete(second);
    expectBounded(await observed.observe(async () => exchange(closing)), 2 * batchCount);
  });

  test("unblocking reaches dependants by their edges", async () => {
    const blockers = Array.from({ length: 20 }, () => newChain({ type: "blocker", priority: 0 }));
    await state.startChains({ tx: undefined, chains: blockers });
    await state.startChains({
      tx: undefined,
      chains: [
        newChain({
          blockers: blockers.map(({ chainId }, ordinal) => ({ slot: "all", ordinal, chainId })),
        }),
      ],
    });
    const claimed = await state.exchange({
      workerId,
      settlements: [],
      started: [],
      claim: { types: [{ type: "blocker", limit: 20 }], slots: 20, ahead: 0 },
    });
    const settlements = hot.complete(claimed.claimed);
    const scans = await observed.observe(async () => exchange(settlements));
    expectBounded(scans, batchCount);
    // The job that was waiting is claimed at once, with what it waited for.
    expect(indexesOf(scans, "job_blocker")).toEqual(["job_blocker_blocking", "job_blocker_pkey"]);
  });

  test("C8: a claim of one type does not look at what other types have in front", async () => {
    await hot.startMany(1_000, { type: "other", priority: 9 });
    let found: ExchangeResult | undefined;
    const scans = await observed.observe(async () => {
      found = await state.exchange({
        workerId,
        settlements: [],
        started: [],
        claim: { types: [{ type: "other", limit: 10 }], slots: 10, ahead: 0 },
      });
    });
    expect(found?.claimed).toHaveLength(10);
    expectBounded(scans, batchCount);
  });

  test("a start inserts by its key, and one that names blockers and a deduplication key looks them up", async () => {
    const blocker = newChain();
    await state.startChains({ tx: undefined, chains: [blocker] });
    const scans = await observed.observe(async () =>
      state.startChains({
        tx: undefined,
        chains: [
          newChain({
            blockers: [{ slot: "one", ordinal: 0, chainId: blocker.chainId }],
            deduplication: { key: "k", scope: "any", windowMs: 60_000, onDuplicate: "keep" },
          }),
        ],
      }),
    );
    expectBounded(scans, 10);
  });

  test("the beat of a worker looks at its own jobs and at what is due", async () => {
    expectBounded(
      await observed.observe(async () =>
        state.renew({ workerId, leaseMs: 600_000, held: [], started: [], progress: [] }),
      ),
      1_000,
    );
    expectBounded(await observed.observe(async () => state.promote({ limit: 100 })), 300);
  });

  test("C9: ANALYZE changes nothing", async () => {
    await observed.client.query(`ANALYZE ${schema}.job; ANALYZE ${schema}.job_blocker`);
    const scans = await observed.observe(async () => (jobs = await exchange([])));
    expectBounded(scans, batchCount);
    const settlements = hot.complete(jobs.claimed);
    expectBounded(
      await observed.observe(async () => (jobs = await exchange(settlements))),
      batchCount,
    );
  });

  test("C9: nor does it when the backlog has vanished and comes again", async () => {
    await observed.client.query(`DELETE FROM ${schema}.job`);
    await observed.client.query(`VACUUM ANALYZE ${schema}.job`);
    expect((await exchange([])).claimed).toEqual([]);
    await hot.startMany(backlogCount / 10);
    const scans = await observed.observe(async () => (jobs = await exchange([])));
    expect(jobs.claimed).toHaveLength(batchCount);
    expectBounded(scans, batchCount);
    const settlements = hot.complete(jobs.claimed);
    expectBounded(await observed.observe(async () => exchange(settlements)), batchCount);
  });

  test("C9: nor do late settlements on an empty table, whose plans are kept", async () => {
    await observed.client.query(`DELETE FROM ${schema}.job`);
    await observed.client.query(`VACUUM ANALYZE ${schema}.job`);
    const gone = Array.from({ length: 5 }, (_, place) => ({
      chainId: newChainId(),
      chainIndex: 1,
      claimNo: 1,
      outcome: mixedOutcome(place),
    }));
    const { verdicts } = await exchange(gone);
    expect(verdicts).toEqual(gone.map(() => ({ kind: "lost", reason: "deleted" })));
    for (let count = 0; count < 10; count += 1)
      await settleInTransaction([{ ...gone[4]!, chainIndex: 0 }]);
    await hot.startMany(backlogCount / 10);
    for (const scans of await runEveryWrite()) expectBounded(scans, 2 * batchCount);
  });
});

/** Settles by every kind of outcome, closes chains at a later job, and releases a job, with few jobs. What is started for it comes first. */
async function runEveryWrite(): Promise<readonly (readonly Scan[])[]> {
  const seen: (readonly Scan[])[] = [];
  const blockers = [newChain({ priority: 0 }), newChain({ priority: 0 })];
  const slots = blockers.map(({ chainId }, ordinal) => ({ slot: "all", ordinal, chainId }));
  const others = Array.from({ length: 20 }, () => newChain({ priority: 1 }));
  await state.startChains({ tx: undefined, chains: [...blockers, ...others] });
  seen.push(
    await observed.observe(async () =>
      state.startChains({ tx: undefined, chains: [newChain({ blockers: slots })] }),
    ),
  );
  let settlements: readonly Settlement[] = [];
  const step = async (outcomeOf: (place: number) => Outcome): Promise<void> => {
    const scans = await observed.observe(async () => {
      settlements = settlementsOf(await exchange(settlements), outcomeOf);
    });
    seen.push(scans);
  };
  const goOn: Outcome = {
    kind: "continued",
    next: { ...nextWork, priority: 0 },
    isSticky: false,
  };
  await step((place) => (place < blockers.length ? { kind: "completed", output: "{}" } : goOn));
  await step(mixedOutcome);
  await step(() => ({ kind: "completed", output: "{}" }));
  const { claimed } = await exchange(settlements);
  const only = claimed.find(({ chainIndex }) => chainIndex === 0);
  seen.push(await observed.observe(async () => settleInTransaction(hot.complete([only!]))));
  return seen;
}
