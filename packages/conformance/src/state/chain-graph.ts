import type { ChainGraph } from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { createActor, startAndClaim } from "../support/actor.ts";
import {
  completed,
  continued,
  failed,
  newChain,
  start,
  startOne,
  startSeveral,
  waitFor,
} from "../support/jobs.ts";

function idsOf(graph: ChainGraph): string[] {
  return graph.chains.map((chain) => chain.chainId);
}

export const chainGraphCases: readonly ConformanceCase<StateContext>[] = [
  defineCase("reads: a chain alone is a graph of one", async (context, expect) => {
    const chainId = await startOne(context);
    const graph = await context.state.chainGraph({ chainId, depth: 5, limit: 10 });
    expect.equal(
      { ...graph, chains: idsOf(graph) },
      { chains: [chainId], edges: [], isTruncated: false },
    );
  }),

  defineCase(
    "reads: a graph shows what a chain waits for and who waits for it",
    async (context, expect) => {
      const [rate, item] = [
        await startOne(context, { type: "rate" }),
        await startOne(context, { type: "item" }),
      ];
      const middle = await startOne(context, {
        blockers: [
          { slot: "rate", ordinal: 0, chainId: rate },
          { slot: "items", ordinal: 3, chainId: item },
        ],
      });
      const top = await startOne(context, { type: "top", blockers: waitFor(middle) });
      const graph = await context.state.chainGraph({ chainId: middle, depth: 1, limit: 10 });
      expect.equal(idsOf(graph)[0], middle, "the chain asked for is nearest");
      expect.sameMembers(idsOf(graph), [middle, rate, item, top]);
      expect.sameMembers(graph.edges, [
        { job: { chainId: middle, chainIndex: 0 }, slot: "rate", ordinal: 0, blockedBy: rate },
        { job: { chainId: middle, chainIndex: 0 }, slot: "items", ordinal: 3, blockedBy: item },
        { job: { chainId: top, chainIndex: 0 }, slot: "items", ordinal: 0, blockedBy: middle },
      ]);
      expect.equal(graph.isTruncated, false);
    },
  ),

  defineCase(
    "reads: edges of later jobs of a chain belong to the graph",
    async (context, expect) => {
      const actor = await createActor(context);
      const item = await startOne(context, { type: "item" });
      const job = await startAndClaim(context, actor);
      await actor.settle(job, continued({ blockers: waitFor(item) }));
      const graph = await context.state.chainGraph({ chainId: item, depth: 1, limit: 10 });
      expect.equal(graph.edges, [
        {
          job: { chainId: job.chainId, chainIndex: 1 },
          slot: "items",
          ordinal: 0,
          blockedBy: item,
        },
      ]);
    },
  ),

  defineCase(
    "reads: the depth bounds a graph, which says that it is cut",
    async (context, expect) => {
      const chains = Array.from({ length: 7 }, () => newChain(context));
      await start(
        context,
        chains.map((chain, index) =>
          index === 0 ? chain : { ...chain, blockers: waitFor(chains[index - 1]!.chainId) },
        ),
      );
      const ids = chains.map((chain) => chain.chainId);
      const near = await context.state.chainGraph({ chainId: ids[3]!, depth: 2, limit: 100 });
      expect.equal(idsOf(near)[0], ids[3]);
      expect.sameMembers(idsOf(near).slice(1, 3), [ids[2], ids[4]]);
      expect.sameMembers(idsOf(near).slice(3), [ids[1], ids[5]]);
      expect.equal(near.isTruncated, true);
      const whole = await context.state.chainGraph({ chainId: ids[3]!, depth: 3, limit: 100 });
      expect.equal([whole.chains.length, whole.edges.length, whole.isTruncated], [7, 6, false]);
    },
  ),

  defineCase(
    "reads: the limit bounds a graph, nearest first, and it says that it is cut",
    async (context, expect) => {
      const items = await startSeveral(context, 20, { type: "item" });
      const chainId = await startOne(context, { blockers: waitFor(...items) });
      const graph = await context.state.chainGraph({ chainId, depth: 3, limit: 5 });
      expect.equal(graph.chains.length, 5);
      expect.equal(idsOf(graph)[0], chainId);
      expect.equal(graph.isTruncated, true);
      expect.equal(
        (await context.state.chainGraph({ chainId, depth: 3, limit: 21 })).isTruncated,
        false,
      );
    },
  ),

  defineCase(
    "reads: at one distance what is waited for stands before who waits, so many dependants hide no blocker",
    async (context, expect) => {
      const items = await startSeveral(context, 3, { type: "item" });
      const chainId = await startOne(context, { blockers: waitFor(...items) });
      const dependants = await startSeveral(context, 30, { blockers: waitFor(chainId) });
      const graph = await context.state.chainGraph({ chainId, depth: 1, limit: 10 });
      expect.equal(idsOf(graph)[0], chainId);
      expect.sameMembers(idsOf(graph).slice(1, 4), items);
      expect.ok(
        idsOf(graph)
          .slice(4)
          .every((id) => dependants.includes(id)),
        "a dependant stands before a blocker",
      );
      expect.equal([graph.chains.length, graph.isTruncated], [10, true]);
    },
  ),

  defineCase(
    "reads: a diamond shows each chain once and each edge once",
    async (context, expect) => {
      const [bottom, left, right, top] = Array.from({ length: 4 }, () => newChain(context));
      await start(context, [
        bottom!,
        { ...left!, blockers: waitFor(bottom!.chainId) },
        { ...right!, blockers: waitFor(bottom!.chainId) },
        { ...top!, blockers: waitFor(left!.chainId, right!.chainId) },
      ]);
      const graph = await context.state.chainGraph({
        chainId: bottom!.chainId,
        depth: 10,
        limit: 100,
      });
      expect.sameMembers(
        idsOf(graph),
        [bottom!, left!, right!, top!].map((chain) => chain.chainId),
      );
      expect.equal(graph.edges.length, 4);
      expect.equal(graph.isTruncated, false);
    },
  ),

  defineCase(
    "reads: a graph carries labels and statuses, and no payload",
    async (context, expect) => {
      const actor = await createActor(context);
      const [done, broken] = [
        await startAndClaim(context, actor, { type: "item", labels: { a: "1" } }),
        await startAndClaim(context, actor, { type: "item" }),
      ];
      await startOne(context, { blockers: waitFor(done.chainId, broken.chainId) });
      await actor.settle(done, completed('"out"'));
      await actor.settle(broken, failed('"err"'));
      const graph = await context.state.chainGraph({ chainId: done.chainId, depth: 5, limit: 10 });
      const of = (chainId: string): unknown =>
        graph.chains.find((chain) => chain.chainId === chainId);
      expect.match(of(done.chainId), {
        status: "completed",
        labels: { a: "1" },
        output: undefined,
        error: undefined,
      });
      expect.match(of(broken.chainId), { status: "failed", output: undefined, error: undefined });
    },
  ),

  defineCase("reads: an unknown chain has no graph", async (context, expect) => {
    expect.equal(
      await context.state.chainGraph({ chainId: context.newChainId(), depth: 3, limit: 10 }),
      { chains: [], edges: [], isTruncated: false },
    );
  }),
];
