import { afterEach, describe, expect, test, vi } from "vitest";
import { formatUuidV7 } from "../model/ids.ts";
import type { NewChain, StateAdapter } from "../ports/state-adapter.ts";
import { createMemoryStateAdapter } from "./create-memory-state-adapter.ts";
import { OrderedSet } from "./ordered-set.ts";
import type { MemoryTransaction } from "./sessions.ts";
import { Table } from "./tables.ts";

let sequence = 0;

function newChain(type: string, fields: Partial<NewChain> = {}): NewChain {
  sequence++;
  return {
    chainId: formatUuidV7(Math.floor(sequence / 4096), sequence % 4096, new Uint8Array(10)),
    type,
    input: undefined,
    priority: 5,
    schedule: undefined,
    blockers: [],
    traceContext: undefined,
    deduplication: undefined,
    labels: {},
    isUnannounced: false,
    ...fields,
  };
}

/** A store in which twenty jobs are to be claimed, beside a backlog of other types, of other priorities and of the future. */
async function openWithBacklog(backlogCount: number): Promise<StateAdapter<MemoryTransaction>> {
  const state = createMemoryStateAdapter({ clock: () => 1_000 });
  const backlog = (type: string, fields: Partial<NewChain>): NewChain[] =>
    Array.from({ length: backlogCount }, () => newChain(type, fields));
  await state.startChains({ tx: undefined, chains: backlog("other", { priority: 0 }) });
  await state.startChains({ tx: undefined, chains: backlog("work", { priority: 9 }) });
  await state.startChains({ tx: undefined, chains: backlog("work", { schedule: { delayMs: 1 } }) });
  await state.startChains({
    tx: undefined,
    chains: Array.from({ length: 20 }, () => newChain("work")),
  });
  await state.registerWorker({
    workerId: "worker",
    name: "worker",
    host: "host",
    pid: 1,
    types: ["work"],
    concurrency: 10,
    leaseMs: 1_000,
  });
  return state;
}

/** Counts the rows that are looked up, written, or come by in a walk, until it is read. */
function countRows(): () => number {
  let walkedCount = 0;
  const walk = OrderedSet.prototype.ascending;
  vi.spyOn(OrderedSet.prototype, "ascending").mockImplementation(function* counted(
    this: OrderedSet<unknown>,
    isBefore,
  ) {
    for (const entry of walk.call(this, isBefore)) {
      walkedCount++;
      yield entry;
    }
  });
  const rows = vi.spyOn(Table.prototype, "rows");
  const keyed = [vi.spyOn(Table.prototype, "get"), vi.spyOn(Table.prototype, "put")];
  return () => {
    expect(rows).not.toHaveBeenCalled();
    return walkedCount + keyed.reduce((count, spy) => count + spy.mock.calls.length, 0);
  };
}

/** Claims ten jobs and completes them, and returns the count of rows that this took. */
async function countExchangedRows(state: StateAdapter<MemoryTransaction>): Promise<number> {
  const exchange = async (
    params: Partial<Parameters<StateAdapter["exchange"]>[0]>,
  ): ReturnType<StateAdapter["exchange"]> =>
    state.exchange({
      workerId: "worker",
      settlements: [],
      started: [],
      claim: undefined,
      ...params,
    });
  const readCount = countRows();
  const { claimed } = await exchange({
    claim: { types: [{ type: "work", limit: 10 }], slots: 10, ahead: 0 },
  });
  const completed = { kind: "completed", output: undefined } as const;
  await exchange({
    settlements: claimed.map(({ chainId, chainIndex, claimNo }) => ({
      chainId,
      chainIndex,
      claimNo,
      outcome: completed,
    })),
  });
  expect(claimed.map((job) => job.priority)).toEqual(Array.from({ length: 10 }, () => 5));
  return readCount();
}

describe("a claim and its settlements", () => {
  afterEach(() => vi.restoreAllMocks());

  test("C8b: touch as many rows beside a backlog of 100,000 as beside none", async () => {
    const few = await countExchangedRows(await openWithBacklog(0));
    vi.restoreAllMocks();
    const many = await countExchangedRows(await openWithBacklog(34_000));
    expect(few).toBeGreaterThan(0);
    expect(many).toBe(few);
  });
});
