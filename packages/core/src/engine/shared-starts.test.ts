import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import type { NewChain, StartResult, StateAdapter } from "../ports/state-adapter.ts";
import { createChainInserter } from "./shared-starts.ts";

const chain = (chainId: string): NewChain => ({ chainId }) as NewChain;
const created = ({ chainId }: NewChain): StartResult => ({
  chainId,
  outcome: "created",
  jobStatus: "ready",
  traceContext: undefined,
});

/** Notes the batches that reach the port, and lets a test decide how each ends. */
function recordingState(answer: (chains: readonly NewChain[]) => Promise<readonly StartResult[]>): {
  batches: string[][];
  state: StateAdapter;
} {
  const batches: string[][] = [];
  const startChains: StateAdapter["startChains"] = ({ chains }) => {
    batches.push(chains.map(({ chainId }) => chainId));
    return answer(chains);
  };
  return { batches, state: { startChains } as StateAdapter };
}

describe("starts without a transaction", () => {
  test("that come together share a statement, and each gets its own results", async () => {
    const { batches, state } = recordingState(async (chains) => chains.map(created));
    const insert = createChainInserter(state);
    const results = await Promise.all(
      ["a", "b", "c"].map((id) => insert(undefined, [chain(id), chain(`${id}2`)])),
    );
    expect(batches).toEqual([
      ["a", "a2"],
      ["b", "b2", "c", "c2"],
    ]);
    expect(results.map((list) => list.map(({ chainId }) => chainId))).toEqual([
      ["a", "a2"],
      ["b", "b2"],
      ["c", "c2"],
    ]);
  });

  test("do not pay for another's mistake", async () => {
    const { state } = recordingState(async (chains) => {
      if (chains.some(({ chainId }) => chainId === "bad")) throw new Error("bad chain");
      return chains.map(created);
    });
    const insert = createChainInserter(state);
    const outcomes = await Promise.allSettled(
      ["first", "good", "bad", "fine"].map((id) => insert(undefined, [chain(id)])),
    );
    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
  });

  test("go out in batches of bounded size, one larger caller alone", async () => {
    const { batches, state } = recordingState(async (chains) => chains.map(created));
    const insert = createChainInserter(state);
    const many = (prefix: string, count: number): NewChain[] =>
      Array.from({ length: count }, (_, index) => chain(`${prefix}${index}`));
    await Promise.all([
      insert(undefined, many("a", 1)),
      insert(undefined, many("b", 600)),
      insert(undefined, many("c", 600)),
      insert(undefined, many("d", 2_000)),
    ]);
    expect(batches.map(({ length }) => length)).toEqual([1, 600, 600, 2_000]);
  });

  test("in the user's transaction never wait for others", async () => {
    const { batches, state } = recordingState(async (chains) => chains.map(created));
    const insert = createChainInserter(state);
    await Promise.all([insert({}, [chain("a")]), insert({}, [chain("b")])]);
    expect(batches).toEqual([["a"], ["b"]]);
  });
});

test("C5: an insert runs in the flow of a caller that takes part in it, and a refused one again in each caller's own", async () => {
  const flow = new AsyncLocalStorage<string>();
  const { state } = recordingState(async (chains) => {
    if (flow.getStore() === "inside a transaction") throw new Error("nested");
    return chains.map(created);
  });
  const insert = createChainInserter(state);
  const outcomes = await Promise.allSettled([
    insert(undefined, [chain("first")]),
    flow.run("inside a transaction", () => insert(undefined, [chain("nested")])),
    insert(undefined, [chain("innocent")]),
    flow.run("another flow", () => insert(undefined, [chain("other")])),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    "fulfilled",
    "fulfilled",
  ]);
});
