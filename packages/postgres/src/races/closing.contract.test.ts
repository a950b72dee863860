import type { ChainCompletion, CompletionResult, Outcome, Verdict } from "queuert/adapter";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { newChain, newJob } from "../new-chain.fixture.ts";
import { openRace, waitFor, type Race } from "./race.fixture.ts";

let race: Race;

beforeAll(async () => {
  race = await openRace();
});

afterAll(async () => {
  await race.close();
});

function completionOf(chainId: string): ChainCompletion {
  return { chainId, type: "item", outcome: { kind: "completed", output: undefined } };
}

async function complete(...chainIds: readonly string[]): Promise<readonly CompletionResult[]> {
  return race.state.completeChains({ tx: undefined, items: chainIds.map(completionOf) });
}

function unblockedBy(results: readonly CompletionResult[]): readonly string[] {
  return results.flatMap((result) =>
    "effects" in result ? result.effects.unblocked.map(({ chainId }) => chainId) : [],
  );
}

async function statusOf(chainId: string): Promise<string | undefined> {
  const [chain] = await race.state.getChains({ tx: undefined, chainIds: [chainId] });
  return chain?.last.status;
}

describe("a start that waits for a chain, and what ends that chain", () => {
  test("B7 Q2: a completion waits for the start and releases what it started", async () => {
    const blocker = await race.start({ type: "item" });
    const chain = newChain({ blockers: waitFor(blocker) });
    const started = await race.hold((tx) => race.state.startChains({ tx, chains: [chain] }));
    const completing = complete(blocker);
    await race.untilWaiting();
    await started.commit();
    expect(unblockedBy(await completing)).toEqual([chain.chainId]);
    expect(await statusOf(chain.chainId)).toBe("ready");
  });

  test("B7 Q2: a completion that waits for a start which rolls back releases nothing", async () => {
    const blocker = await race.start({ type: "item" });
    const chain = newChain({ blockers: waitFor(blocker) });
    const started = await race.hold((tx) => race.state.startChains({ tx, chains: [chain] }));
    const completing = complete(blocker);
    await race.untilWaiting();
    await started.rollback();
    expect(await completing).toMatchObject([{ outcome: "completed", effects: { unblocked: [] } }]);
  });

  test("B7 Q2: a start waits for the completion and is not blocked", async () => {
    const blocker = await race.start({ type: "item" });
    const completed = await race.hold((tx) =>
      race.state.completeChains({ tx, items: [completionOf(blocker)] }),
    );
    const starting = race.start({ blockers: waitFor(blocker) });
    await race.untilWaiting();
    await completed.commit();
    expect(await statusOf(await starting)).toBe("ready");
  });

  test("C2: a cancellation waits for the start and is refused", async () => {
    const blocker = await race.start({ type: "item" });
    const chain = newChain({ blockers: waitFor(blocker) });
    const started = await race.hold((tx) => race.state.startChains({ tx, chains: [chain] }));
    const cancelling = race.state.cancel({
      tx: undefined,
      chainIds: [blocker],
      reason: undefined,
      cascade: false,
    });
    await race.untilWaiting();
    await started.commit();
    expect(await cancelling).toEqual([
      { chainId: blocker, outcome: "hasDependants", dependants: [chain.chainId] },
    ]);
  });

  test("C2: a cancellation with cascade takes along what a start commits meanwhile", async () => {
    const blocker = await race.start({ type: "item" });
    const chain = newChain({ blockers: waitFor(blocker) });
    const started = await race.hold((tx) => race.state.startChains({ tx, chains: [chain] }));
    const cancelling = race.state.cancel({
      tx: undefined,
      chainIds: [blocker],
      reason: undefined,
      cascade: true,
    });
    await race.untilWaiting();
    await started.commit();
    expect(await cancelling).toMatchObject([
      { chainId: blocker, outcome: "cancelled" },
      { chainId: chain.chainId, outcome: "cancelled" },
    ]);
  });

  test("C2: a start waits for the cancellation and is refused", async () => {
    const blocker = await race.start({ type: "item" });
    const cancelled = await race.hold((tx) =>
      race.state.cancel({ tx, chainIds: [blocker], reason: undefined, cascade: false }),
    );
    const starting = race.start({ blockers: waitFor(blocker) }).catch((error: unknown) => error);
    await race.untilWaiting();
    await cancelled.commit();
    expect(await starting).toMatchObject({ reason: "cancelled" });
  });

  test("C2: a deletion waits for the start and is refused", async () => {
    const blocker = await race.start({ type: "item" });
    const chain = newChain({ blockers: waitFor(blocker) });
    const started = await race.hold((tx) => race.state.startChains({ tx, chains: [chain] }));
    const deleting = race.state.deleteChains({
      tx: undefined,
      chainIds: [blocker],
      cascade: false,
    });
    await race.untilWaiting();
    await started.commit();
    expect(await deleting).toEqual([
      { chainId: blocker, outcome: "referenced", references: [chain.chainId] },
    ]);
  });

  test("C2: a start waits for the deletion and is refused", async () => {
    const blocker = await race.start({ type: "item" });
    const deleted = await race.hold((tx) =>
      race.state.deleteChains({ tx, chainIds: [blocker], cascade: false }),
    );
    const starting = race.start({ blockers: waitFor(blocker) }).catch((error: unknown) => error);
    await race.untilWaiting();
    await deleted.commit();
    expect(await starting).toMatchObject({ reason: "notFound" });
  });
});

test("Q1: of two chains that end at once, the second releases the job that waits for both", async () => {
  const blockers = [await race.start({ type: "item" }), await race.start({ type: "item" })];
  const waiting = await race.start({ blockers: waitFor(...blockers) });
  const first = await race.hold((tx) =>
    race.state.completeChains({ tx, items: [completionOf(blockers[0]!)] }),
  );
  const second = complete(blockers[1]!);
  await race.untilWaiting();
  await first.commit();
  expect(unblockedBy(first.result)).toEqual([]);
  expect(unblockedBy(await second)).toEqual([waiting]);
  expect(await statusOf(waiting)).toBe("ready");
});

/** A chain of which the first job is being continued in a transaction, by a sticky job of the type. */
async function continuing(nextType: string) {
  const chainId = await race.start({ type: "work" });
  const { workerId, claimed } = await race.claim();
  const { chainIndex, claimNo } = claimed[0]!;
  const outcome: Outcome = {
    kind: "continued",
    next: newJob({ type: nextType }),
    isSticky: true,
  };
  const held = await race.hold((tx) =>
    race.state.settle({ tx, workerId, settlements: [{ chainId, chainIndex, claimNo, outcome }] }),
  );
  return { chainId, workerId, held };
}

describe("a chain that goes on while it is to be completed", () => {
  test("Q2: the next job is completed", async () => {
    const { chainId, workerId, held } = await continuing("item");
    const completing = complete(chainId);
    await race.untilWaiting();
    await held.commit();
    expect(await completing).toMatchObject([{ outcome: "completed", chainIndex: 1, workerId }]);
  });

  test("Q2: a next job of another type is left alone, and stands still until the transaction ends", async () => {
    const { chainId, workerId, held } = await continuing("other");
    const completing = race.hold((tx) =>
      race.state.completeChains({ tx, items: [completionOf(chainId)] }),
    );
    await race.untilWaiting();
    await held.commit();
    const completion = await completing;
    expect(completion.result).toEqual([{ outcome: "otherType", type: "other" }]);
    const retry = async (): Promise<Verdict | undefined> => {
      const outcome: Outcome = { kind: "retried", delayMs: 0, error: "{}" };
      const { verdicts } = await race.state.exchange({
        workerId,
        settlements: [{ chainId, chainIndex: 1, claimNo: 1, outcome }],
        started: [],
        claim: undefined,
      });
      return verdicts[0];
    };
    expect(await retry()).toEqual({ kind: "deferred" });
    await completion.commit();
    expect(await retry()).toMatchObject({ kind: "settled" });
  });
});

test("C1: two transactions that end the same chains in crossed order both succeed", async () => {
  const [first, second] = [await race.start({ type: "item" }), await race.start({ type: "item" })];
  const moved = await race.hold((tx) =>
    race.state.reschedule({ tx, chainIds: [first], schedule: { delayMs: 1 } }),
  );
  const end = async (...chainIds: readonly string[]): Promise<readonly CompletionResult[]> =>
    race.state.transaction((tx) =>
      race.state.completeChains({ tx, items: chainIds.map(completionOf) }),
    );
  const inOrder = end(first, second);
  await race.untilWaiting(1);
  // Locked in the order of the items, the second would be held by now, and the two would wait for each other.
  const crossed = end(second, first);
  await race.untilWaiting(2);
  await moved.commit();
  expect(await inOrder).toMatchObject([{ outcome: "completed" }, { outcome: "completed" }]);
  expect(await crossed).toMatchObject([{ outcome: "notOpen" }, { outcome: "notOpen" }]);
});
