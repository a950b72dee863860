import type { ClaimedJob, Settlement, Verdict } from "queuert/adapter";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { newChain, newJob } from "../new-chain.fixture.ts";
import { openRace, waitFor, type Race } from "./race.fixture.ts";

// An exchange waits for nobody: what a user's transaction holds is deferred, the rest is settled, and what was deferred is settled once that transaction has ended.

let race: Race;

beforeEach(async () => {
  race = await openRace();
});

afterEach(async () => {
  await race.close();
});

const output = "{}";

function completed(job: ClaimedJob): Settlement {
  return { ...keyOf(job), outcome: { kind: "completed", output } };
}

function keyOf({ chainId, chainIndex, claimNo }: ClaimedJob) {
  return { chainId, chainIndex, claimNo };
}

async function exchange(
  workerId: string,
  settlements: readonly Settlement[],
): Promise<readonly Verdict["kind"][]> {
  const { verdicts } = await race.state.exchange({
    workerId,
    settlements,
    started: [],
    claim: undefined,
  });
  return verdicts.map(({ kind }) => kind);
}

async function statusOf(chainId: string): Promise<string | undefined> {
  const [job] = await race.state.getJobs({ tx: undefined, keys: [{ chainId, chainIndex: 0 }] });
  return job?.status;
}

describe("B7 Q2: a batch of two completions meets a start that waits for the first chain", () => {
  let blocking: string;
  let dependant: string;
  let workerId: string;
  let settlements: readonly Settlement[];

  beforeEach(async () => {
    blocking = await race.start();
    await race.start();
    const worker = await race.claim();
    workerId = worker.workerId;
    settlements = worker.claimed
      .toSorted((left) => (left.chainId === blocking ? -1 : 1))
      .map(completed);
  });

  async function holdStart() {
    const chain = newChain({ type: "later", blockers: waitFor(blocking) });
    dependant = chain.chainId;
    return race.hold(async (tx) => race.state.startChains({ tx, chains: [chain] }));
  }

  test("it commits: the completion comes again and releases what it started", async () => {
    const held = await holdStart();
    expect(await exchange(workerId, settlements)).toEqual(["deferred", "settled"]);
    await held.commit();
    expect(await statusOf(dependant)).toBe("blocked");
    expect(await exchange(workerId, settlements)).toEqual(["settled", "already"]);
    expect(await statusOf(dependant)).toBe("ready");
  });

  test("it rolls back: the completion comes again and releases nothing", async () => {
    const held = await holdStart();
    expect(await exchange(workerId, settlements)).toEqual(["deferred", "settled"]);
    await held.rollback();
    expect(await exchange(workerId, settlements)).toEqual(["settled", "already"]);
    expect(await statusOf(dependant)).toBe(undefined);
  });

  test("it comes after the completion: it is not blocked", async () => {
    expect(await exchange(workerId, settlements)).toEqual(["settled", "settled"]);
    await (await holdStart()).commit();
    expect(await statusOf(dependant)).toBe("ready");
  });
});

test("Q1: a dependant that a user's transaction holds holds back the chain that it waits for", async () => {
  const blocking = await race.start();
  const dependant = await race.start({ type: "later", blockers: waitFor(blocking) });
  const { workerId, claimed } = await race.claim();
  const held = await race.hold(async (tx) =>
    race.state.reschedule({ tx, chainIds: [dependant], schedule: { delayMs: 0 } }),
  );
  expect(await exchange(workerId, claimed.map(completed))).toEqual(["deferred"]);
  await held.commit();
  expect(await exchange(workerId, claimed.map(completed))).toEqual(["settled"]);
  expect(await statusOf(dependant)).toBe("ready");
});

test("Q1: a dependant that was cancelled holds back nobody, whoever holds it", async () => {
  const blocking = await race.start();
  const dependant = await race.start({ type: "later", blockers: waitFor(blocking) });
  const { workerId, claimed } = await race.claim();
  await race.state.cancel({
    tx: undefined,
    chainIds: [dependant],
    reason: undefined,
    cascade: false,
  });
  const held = await race.hold(async (tx) =>
    race.state.cancel({ tx, chainIds: [dependant], reason: undefined, cascade: false }),
  );
  expect(await exchange(workerId, claimed.map(completed))).toEqual(["settled"]);
  await held.commit();
});

test("F1: a start that holds the key of a chain holds back its completion", async () => {
  const deduplication = {
    key: "k",
    scope: "open",
    windowMs: undefined,
    onDuplicate: "keep",
  } as const;
  await race.start({ deduplication });
  const { workerId, claimed } = await race.claim();
  const held = await race.hold(async (tx) =>
    race.state.startChains({ tx, chains: [newChain({ deduplication })] }),
  );
  expect(held.result).toMatchObject([{ outcome: "kept" }]);
  expect(await exchange(workerId, claimed.map(completed))).toEqual(["deferred"]);
  await held.commit();
  expect(await exchange(workerId, claimed.map(completed))).toEqual(["settled"]);
});

test("B7: a continuation that waits for a chain whose root is held is deferred as a whole", async () => {
  const blocking = await race.start({ type: "other" });
  await race.start();
  const { workerId, claimed } = await race.claim();
  const next = newJob({ type: "next", blockers: waitFor(blocking) });
  const settlements = claimed.map((job): Settlement => ({
    ...keyOf(job),
    outcome: { kind: "continued", next, isSticky: false },
  }));
  const held = await race.hold(async (tx) =>
    race.state.cancel({ tx, chainIds: [blocking], reason: undefined, cascade: false }),
  );
  expect(await exchange(workerId, settlements)).toEqual(["deferred"]);
  await held.commit();
  expect(await exchange(workerId, settlements)).toEqual(["refused"]);
});

describe("B7: at REPEATABLE READ", () => {
  test("a completion that has not seen a start which committed meanwhile is refused as a conflict", async () => {
    const blocking = await race.start();
    const { workerId, claimed } = await race.claim();
    const dependant = newChain({ type: "later", blockers: waitFor(blocking) });
    const held = await race.hold(async (tx) => {
      await tx.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
      await tx.query("SELECT 1");
      return tx;
    });
    await race.state.startChains({ tx: undefined, chains: [dependant] });
    await expect(
      race.state.settle({ tx: held.result, workerId, settlements: claimed.map(completed) }),
    ).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    await held.rollback();
    expect(await exchange(workerId, claimed.map(completed))).toEqual(["settled"]);
    expect(await statusOf(dependant.chainId)).toBe("ready");
  });

  test("a start that has not seen a completion which committed meanwhile is refused as a conflict", async () => {
    const blocking = await race.start();
    const { workerId, claimed } = await race.claim();
    const dependant = newChain({ type: "later", blockers: waitFor(blocking) });
    const held = await race.hold(async (tx) => {
      await tx.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
      await tx.query("SELECT 1");
      return tx;
    });
    await exchange(workerId, claimed.map(completed));
    await expect(
      race.state.startChains({ tx: held.result, chains: [dependant] }),
    ).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    await held.rollback();
  });
});
