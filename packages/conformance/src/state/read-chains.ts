import type { ChainFilter } from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { createActor, startAndClaim } from "../support/actor.ts";
import { completed, continued, failed, startOne, startSeveral } from "../support/jobs.ts";

async function idsOf(
  context: StateContext,
  filter: ChainFilter,
  order: "newest" | "oldest" = "oldest",
  limit = 1_000,
): Promise<string[]> {
  const chains = await context.state.listChains({ filter, order, after: undefined, limit });
  return chains.map((chain) => chain.chainId);
}

export const readChainsCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "reads: getChains answers in the order asked, with undefined for those that are not there",
    async (context, expect) => {
      const [first, second] = [
        await startOne(context, { type: "a" }),
        await startOne(context, { type: "b" }),
      ];
      const found = await context.state.getChains({
        tx: undefined,
        chainIds: [second, context.newChainId(), first, second],
      });
      expect.equal(
        found.map((chain) => chain?.chainId),
        [second, undefined, first, second],
      );
      expect.equal(await context.state.getChains({ tx: undefined, chainIds: [] }), []);
    },
  ),

  defineCase(
    "reads: a chain has the output of its last job, or its error",
    async (context, expect) => {
      const actor = await createActor(context);
      const [done, broken] = [
        await startAndClaim(context, actor, { type: "a" }),
        await startAndClaim(context, actor, { type: "b" }),
      ];
      await actor.settle(done, continued({ type: "last" }));
      await actor.settle(await actor.claimOne("last"), completed('"out"'));
      await actor.settle(broken, failed('"err"'));
      const found = await context.state.getChains({
        tx: undefined,
        chainIds: [done.chainId, broken.chainId],
      });
      expect.match(found, [
        {
          type: "a",
          status: "completed",
          output: '"out"',
          error: undefined,
          last: { chainIndex: 1, type: "last", status: "completed" },
        },
        {
          type: "b",
          status: "failed",
          output: undefined,
          error: '"err"',
          last: { chainIndex: 0, type: "b", status: "failed" },
        },
      ]);
    },
  ),

  defineCase("reads: lists of chains carry no payload", async (context, expect) => {
    const actor = await createActor(context);
    const [done, broken] = [
      await startAndClaim(context, actor, { type: "a", labels: { x: "1" } }),
      await startAndClaim(context, actor, { type: "b" }),
    ];
    await actor.settle(done, completed('"out"'));
    await actor.settle(broken, failed('"err"'));
    expect.match(
      await context.state.listChains({ filter: {}, order: "oldest", after: undefined, limit: 10 }),
      [
        {
          chainId: done.chainId,
          status: "completed",
          output: undefined,
          error: undefined,
          labels: { x: "1" },
        },
        {
          chainId: broken.chainId,
          status: "failed",
          output: undefined,
          error: undefined,
          labels: {},
        },
      ],
    );
  }),

  defineCase(
    "reads: pages follow the order of the ids, newest or oldest first, without gaps or repeats",
    async (context, expect) => {
      const chainIds: string[] = [];
      for (let batch = 0; batch < 3; batch++) {
        chainIds.push(...(await startSeveral(context, 9)));
        context.clock.advance(5);
      }
      for (const order of ["oldest", "newest"] as const) {
        const found: string[] = [];
        let after: string | undefined;
        for (let page = 0; page < 10; page++) {
          const chains = await context.state.listChains({ filter: {}, order, after, limit: 4 });
          found.push(...chains.map((chain) => chain.chainId));
          after = chains.at(-1)?.chainId;
          if (chains.length < 4) break;
        }
        expect.equal(found, order === "oldest" ? chainIds : chainIds.toReversed(), order);
      }
    },
  ),

  defineCase(
    "C10: pages over 3,000 chains and jobs have neither gaps nor repeats, in both orders",
    async (context, expect) => {
      const chainIds = context.random.shuffle(await startSeveral(context, 3_000)).toSorted();
      for (const order of ["oldest", "newest"] as const) {
        const expected = order === "oldest" ? chainIds : chainIds.toReversed();
        const chains: string[] = [];
        const jobs: string[] = [];
        while (chains.length < expected.length) {
          const page = await context.state.listChains({
            filter: {},
            order,
            after: chains.at(-1),
            limit: 700,
          });
          const last = jobs.at(-1);
          const after = last === undefined ? undefined : { chainId: last, chainIndex: 0 };
          const jobPage = await context.state.listJobs({ filter: {}, order, after, limit: 700 });
          if (page.length === 0) break;
          chains.push(...page.map((chain) => chain.chainId));
          jobs.push(...jobPage.map((job) => job.chainId));
        }
        expect.ok(
          chains.join() === expected.join(),
          `the chains, ${order} first, are not those that were started`,
        );
        expect.ok(
          jobs.join() === expected.join(),
          `the jobs, ${order} first, are not those that were started`,
        );
      }
    },
  ),

  defineCase(
    "reads: a page after a chain that has been deleted goes on",
    async (context, expect) => {
      const chainIds = await startSeveral(context, 4);
      await context.state.deleteChains({ tx: undefined, chainIds: [chainIds[1]!], cascade: false });
      const rest = await context.state.listChains({
        filter: {},
        order: "oldest",
        after: chainIds[1],
        limit: 10,
      });
      expect.equal(
        rest.map((chain) => chain.chainId),
        chainIds.slice(2),
      );
    },
  ),

  defineCase(
    "reads: chains are filtered by the type of their first job",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { type: "a" });
      await actor.settle(job, continued({ type: "b" }));
      const [b, c] = [
        await startOne(context, { type: "b" }),
        await startOne(context, { type: "c" }),
      ];
      expect.equal(await idsOf(context, { types: ["b"] }), [b]);
      expect.equal(await idsOf(context, { types: ["c", "a"] }), [job.chainId, c]);
      expect.equal(await idsOf(context, { types: ["none"] }), []);
    },
  ),

  defineCase("reads: chains are filtered by status", async (context, expect) => {
    const actor = await createActor(context);
    const jobs = [
      await startAndClaim(context, actor, { type: "a" }),
      await startAndClaim(context, actor, { type: "b" }),
      await startAndClaim(context, actor, { type: "c" }),
    ] as const;
    await actor.settle(jobs[0], completed());
    await actor.settle(jobs[1], failed());
    await context.state.cancel({
      tx: undefined,
      chainIds: [jobs[2].chainId],
      reason: undefined,
      cascade: false,
    });
    const open = await startOne(context);
    expect.equal(await idsOf(context, { statuses: ["completed"] }), [jobs[0].chainId]);
    expect.equal(await idsOf(context, { statuses: ["failed"] }), [jobs[1].chainId]);
    expect.equal(await idsOf(context, { statuses: ["cancelled"] }), [jobs[2].chainId]);
    expect.equal(await idsOf(context, { statuses: ["open"] }), [open]);
    expect.equal(await idsOf(context, { statuses: ["open", "failed"] }, "newest"), [
      open,
      jobs[1].chainId,
    ]);
  }),

  defineCase("reads: chains are filtered by a label, key and value", async (context, expect) => {
    const first = await startOne(context, { labels: { order: "1", tenant: "a" } });
    const second = await startOne(context, { labels: { order: "2", tenant: "a" } });
    await startOne(context, { labels: { tenant: "1" } });
    expect.equal(await idsOf(context, { label: { key: "order", value: "1" } }), [first]);
    expect.equal(await idsOf(context, { label: { key: "tenant", value: "a" } }, "newest"), [
      second,
      first,
    ]);
    expect.equal(await idsOf(context, { label: { key: "tenant", value: "A" } }), []);
  }),

  defineCase("reads: labels of any text come back as they were", async (context, expect) => {
    const labels = { "": "", "a'b": 'c"d', ключ: "値", __proto__x: "%_\\", "spaced key": " x " };
    const chainId = await startOne(context, { labels });
    expect.match(await context.state.getChains({ tx: undefined, chainIds: [chainId] }), [
      { labels },
    ]);
    expect.equal(await idsOf(context, { label: { key: "a'b", value: 'c"d' } }), [chainId]);
  }),

  defineCase(
    "reads: chains are filtered by the time of their ids, from (included) to (excluded)",
    async (context, expect) => {
      const times: number[] = [];
      const chainIds: string[] = [];
      for (let index = 0; index < 4; index++) {
        times.push(context.clock.now());
        chainIds.push(await startOne(context));
        context.clock.advance(1_000);
      }
      expect.equal(await idsOf(context, { createdAfter: new Date(times[1]!) }), chainIds.slice(1));
      expect.equal(
        await idsOf(context, { createdBefore: new Date(times[2]!) }),
        chainIds.slice(0, 2),
      );
      expect.equal(
        await idsOf(context, {
          createdAfter: new Date(times[1]!),
          createdBefore: new Date(times[3]!),
        }),
        chainIds.slice(1, 3),
      );
      expect.equal(await idsOf(context, { createdAfter: new Date(times[3]! + 1) }), []);
    },
  ),

  defineCase("reads: filters narrow each other, on every page", async (context, expect) => {
    const expected: string[] = [];
    for (let index = 0; index < 24; index++) {
      const type = index % 2 === 0 ? "a" : "b";
      const chainId = await startOne(context, { type, labels: { third: `${index % 3}` } });
      if (type === "a" && index % 3 === 0 && index % 4 !== 0) expected.push(chainId);
      if (index % 4 === 0)
        await context.state.cancel({
          tx: undefined,
          chainIds: [chainId],
          reason: undefined,
          cascade: false,
        });
    }
    const filter: ChainFilter = {
      types: ["a"],
      statuses: ["open"],
      label: { key: "third", value: "0" },
    };
    expect.equal(await idsOf(context, filter), expected);
    expect.equal(await context.state.countChains({ filter, cap: 100 }), expected.length);
    const second = await context.state.listChains({
      filter,
      order: "oldest",
      after: expected[0],
      limit: 1,
    });
    expect.equal(
      second.map((chain) => chain.chainId),
      [expected[1]],
    );
  }),

  defineCase("C10: counts stop at the cap", async (context, expect) => {
    await startSeveral(context, 50);
    expect.equal(await context.state.countChains({ filter: {}, cap: 20 }), 20);
    expect.equal(await context.state.countChains({ filter: {}, cap: 50 }), 50);
    expect.equal(await context.state.countChains({ filter: {}, cap: 51 }), 50);
    expect.equal(await context.state.countChains({ filter: { types: ["none"] }, cap: 20 }), 0);
  }),

  defineCase("reads: an empty store answers with nothing", async (context, expect) => {
    expect.equal(await idsOf(context, {}), []);
    expect.equal(await context.state.countChains({ filter: {}, cap: 10 }), 0);
    expect.equal(
      await context.state.listJobs({ filter: {}, order: "newest", after: undefined, limit: 10 }),
      [],
    );
    expect.equal(await context.state.listWorkers({ limit: 10 }), []);
    expect.equal(await context.state.listTypes(), []);
    expect.equal(await context.state.stats({ cap: 10 }), []);
  }),
];
