import type { AttemptLimit, Outcome, ReapResult, Verdict } from "queuert/adapter";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { newChain, newJob } from "../new-chain.fixture.ts";
import { leaseMs, openRace, waitFor, type Held, type Race } from "./race.fixture.ts";

let race: Race;

beforeEach(async () => {
  race = await openRace();
});

afterEach(async () => {
  await race.close();
});

const completed: Outcome = { kind: "completed", output: undefined };
const sticky: Outcome = { kind: "continued", next: newJob(), isSticky: true };
const nothing: ReapResult = { reaped: [], workerIds: [], isMore: false };

/** A worker whose job is being settled in a transaction of the user's. */
async function settling(outcome: Outcome): Promise<{
  readonly workerId: string;
  readonly chainId: string;
  readonly held: Held<readonly Verdict[]>;
}> {
  const chainId = await race.start();
  const { workerId, claimed } = await race.claim();
  const { chainIndex, claimNo } = claimed[0]!;
  const held = await race.hold((tx) =>
    race.state.settle({
      tx,
      workerId,
      settlements: [{ chainId, chainIndex, claimNo, outcome }],
    }),
  );
  return { workerId, chainId, held };
}

async function reap(attemptCountMax = 25): Promise<ReapResult> {
  const work: AttemptLimit = { type: "work", attemptCountMax, error: "{}" };
  return race.state.reap({ limit: 10, attemptLimits: [work] });
}

async function renew(workerId: string): ReturnType<Race["state"]["renew"]> {
  return race.state.renew({ workerId, leaseMs, held: [], started: [], progress: [] });
}

describe("a reap beside a transaction that settles", () => {
  test("A1: it leaves the job, and takes it when the transaction rolls back", async () => {
    const { workerId, chainId, held } = await settling(completed);
    race.advance(leaseMs);
    expect(await reap()).toEqual(nothing);
    await held.rollback();
    expect(await reap()).toMatchObject({ reaped: [{ chainId }], workerIds: [workerId] });
  });

  test("A1: a job that was settled meanwhile is not taken, and its worker goes", async () => {
    const { workerId, chainId, held } = await settling(completed);
    race.advance(leaseMs);
    expect(await reap()).toEqual(nothing);
    await held.commit();
    expect(await reap()).toEqual({ ...nothing, workerIds: [workerId] });
    expect(await race.state.getChains({ tx: undefined, chainIds: [chainId] })).toMatchObject([
      { status: "completed" },
    ]);
  });

  test("A1: a sticky continuation that commits after the lease was over is taken", async () => {
    const { workerId, chainId, held } = await settling(sticky);
    race.advance(leaseMs);
    expect(await reap()).toEqual(nothing);
    await held.commit();
    expect(await reap()).toMatchObject({
      reaped: [{ chainId, chainIndex: 1, workerId }],
      workerIds: [workerId],
    });
  });

  test("A6: jobs that are held do not keep others from being taken", async () => {
    const { held } = await settling(completed);
    const other = await race.start();
    await race.claim();
    race.advance(leaseMs);
    expect(
      await race.state.reap({
        limit: 1,
        attemptLimits: [{ type: "work", attemptCountMax: 25, error: "{}" }],
      }),
    ).toMatchObject({ reaped: [{ chainId: other }], isMore: false });
    await held.rollback();
  });

  test("P5: a job whose failure would close a chain that is held is left for another time", async () => {
    const chainId = await race.start();
    const { workerId, claimed } = await race.claim();
    const { chainIndex, claimNo } = claimed[0]!;
    await race.state.exchange({
      workerId,
      settlements: [{ chainId, chainIndex, claimNo, outcome: sticky }],
      started: [],
      claim: undefined,
    });
    race.advance(leaseMs);
    const waiting = newChain({ blockers: waitFor(chainId) });
    const started = await race.hold((tx) => race.state.startChains({ tx, chains: [waiting] }));
    expect(await reap(1)).toEqual(nothing);
    await started.commit();
    expect(await reap(1)).toMatchObject({
      reaped: [{ chainId, chainIndex: 1, outcome: "failed" }],
      workerIds: [workerId],
    });
  });
});

describe("a worker beside a transaction that settles one of its jobs", () => {
  test("A11: a renewal does not wait, and gives back what it does not know once it can", async () => {
    const { workerId, held } = await settling(completed);
    expect(await renew(workerId)).toEqual({ isLive: true, lost: [], releasedCount: 0 });
    await held.rollback();
    expect(await renew(workerId)).toEqual({ isLive: true, lost: [], releasedCount: 1 });
  });

  test("P4: a removal does not wait, and leaves to the reap what the transaction leaves", async () => {
    const { workerId, chainId, held } = await settling(sticky);
    await race.state.removeWorker({ workerId });
    expect(await race.state.listWorkers({ limit: 10 })).toMatchObject([
      { workerId, isLive: false },
    ]);
    await held.commit();
    expect(await reap()).toMatchObject({
      reaped: [{ chainId, chainIndex: 1 }],
      workerIds: [workerId],
    });
  });
});

describe("a promotion", () => {
  test("P7: it leaves a due job that is held, and does not ask to be called at once", async () => {
    const [held, free] = [
      await race.start({ schedule: { delayMs: 10 } }),
      await race.start({ schedule: { delayMs: 10 } }),
    ];
    race.advance(10);
    const triggered = await race.hold((tx) => race.state.trigger({ tx, chainIds: [held] }));
    expect(await race.state.promote({ limit: 10 })).toEqual({
      promoted: [{ type: "work", count: 1 }],
      nextDueInMs: undefined,
    });
    await triggered.rollback();
    expect(await race.state.promote({ limit: 10 })).toMatchObject({ promoted: [{ count: 1 }] });
    expect(await race.state.getChains({ tx: undefined, chainIds: [held, free] })).toMatchObject([
      { last: { status: "ready" } },
      { last: { status: "ready" } },
    ]);
  });
});

test("C7: a beat that finds nothing to do takes no transaction id", async () => {
  await race.start();
  await race.start({ schedule: { delayMs: 1_000 } });
  await race.claim();
  const client = await race.pool.connect();
  try {
    await client.query("BEGIN");
    await client.query(`SELECT ${race.schema}.reap_jobs('2030-01-01', 10, '{work}', '{25}', '{NULL}'),
      ${race.schema}.promote_jobs('2030-01-01', 10)`);
    const { rows } = await client.query<{ id: string | null }>(
      "SELECT pg_current_xact_id_if_assigned()::text AS id",
    );
    expect(rows).toEqual([{ id: null }]);
    await client.query("ROLLBACK");
  } finally {
    client.release();
  }
});
