import type { DeleteResult } from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { attemptKey, createActor, runOne, startAndClaim } from "../support/actor.ts";
import { rollBack } from "../support/held-transaction.ts";
import {
  chainOf,
  completed,
  continued,
  isThere,
  jobOf,
  newChain,
  retried,
  start,
  startOne,
  startSeveral,
  waitFor,
} from "../support/jobs.ts";

async function remove(
  context: StateContext,
  chainIds: readonly string[],
  cascade = false,
): Promise<readonly DeleteResult[]> {
  return context.state.deleteChains({ tx: undefined, chainIds, cascade });
}

function outcomesOf(results: readonly DeleteResult[]): (readonly [string, string])[] {
  return results.map((result) => [result.chainId, result.outcome]);
}

export const deleteChainsCases: readonly ConformanceCase<StateContext>[] = [
  defineCase("P4: a chain is deleted with all that belongs to it", async (context, expect) => {
    const actor = await createActor(context);
    const deduplication = {
      key: "k",
      scope: "any",
      windowMs: undefined,
      onDuplicate: "keep",
    } as const;
    const job = await startAndClaim(context, actor, { deduplication, labels: { order: "1" } });
    await actor.settle(job, retried(0));
    await actor.settle(await actor.claimOne("work"), continued({ type: "next" }));
    await runOne(actor, "next");
    const { chainId } = job;
    expect.equal(await remove(context, [chainId]), [
      { chainId, outcome: "deleted", chainType: "work", workerId: undefined },
    ]);
    expect.ok(!(await isThere(context.state, chainId)), "the chain is there");
    expect.equal(
      await context.state.getJobs({ tx: undefined, keys: [job, { chainId, chainIndex: 1 }] }),
      [undefined, undefined],
    );
    expect.equal(
      await context.state.listJobs({ filter: {}, order: "oldest", after: undefined, limit: 10 }),
      [],
    );
    expect.equal(await context.state.listAttempts({ key: job }), []);
    expect.equal(
      await context.state.countChains({ filter: { label: { key: "order", value: "1" } }, cap: 10 }),
      0,
    );
    expect.equal((await context.state.chainGraph({ chainId, depth: 3, limit: 10 })).chains, []);
    expect.match(await start(context, [newChain(context, { deduplication })]), [
      { outcome: "created" },
    ]);
  }),

  defineCase(
    "P4: the id of a deleted chain is free, without anything of the old chain",
    async (context, expect) => {
      const actor = await createActor(context);
      const deduplication = {
        key: "k",
        scope: "any",
        windowMs: undefined,
        onDuplicate: "keep",
      } as const;
      const blocker = await startOne(context, { type: "item" });
      const job = await startAndClaim(context, actor, { labels: { a: "1" }, deduplication });
      await actor.settle(job, retried(0));
      await actor.settle(
        await actor.claimOne("work"),
        continued({ type: "next", blockers: waitFor(blocker) }),
      );
      await remove(context, [job.chainId]);
      expect.match(
        await start(context, [newChain(context, { chainId: job.chainId, labels: { b: "2" } })]),
        [{ outcome: "created", jobStatus: "ready" }],
      );
      const chain = await chainOf(context, job.chainId);
      expect.equal(chain.labels, { b: "2" });
      expect.match(chain, { last: { chainIndex: 0 } });
      expect.equal(
        (await context.state.chainGraph({ chainId: job.chainId, depth: 1, limit: 10 })).edges,
        [],
      );
      expect.match(await start(context, [newChain(context, { deduplication })]), [
        { outcome: "created" },
      ]);
      expect.equal(await context.state.listAttempts({ key: job }), []);
    },
  ),

  defineCase(
    "P3: a running attempt loses its deleted job, and the answer names its worker",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      expect.equal(await remove(context, [job.chainId]), [
        { chainId: job.chainId, outcome: "deleted", chainType: "work", workerId: actor.workerId },
      ]);
      expect.match(await actor.renew({ held: [attemptKey(job)] }), {
        lost: [{ ...attemptKey(job), reason: "deleted" }],
      });
      expect.equal(await actor.settle(job, completed()), { kind: "lost", reason: "deleted" });
      expect.ok(
        !(await isThere(context.state, job.chainId)),
        "a settlement brought the chain back",
      );
    },
  ),

  defineCase(
    "P4: unknown chains are not found, and results stand in the order of the request",
    async (context, expect) => {
      const [first, second] = await startSeveral(context, 2);
      const missing = context.newChainId();
      expect.equal(outcomesOf(await remove(context, [second!, missing, first!])), [
        [second, "deleted"],
        [missing, "notFound"],
        [first, "deleted"],
      ]);
      expect.equal(await remove(context, []), []);
    },
  ),

  defineCase(
    "P4: a chain that another names as its blocker is refused, also when both are over",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startOne(context, { type: "item" });
      const dependants = [
        await startOne(context, { blockers: waitFor(blocker) }),
        await startOne(context, { blockers: waitFor(blocker) }),
      ];
      const check = async (when: string): Promise<void> => {
        const [result] = await remove(context, [blocker]);
        expect.match(result, { outcome: "referenced" }, when);
        expect.sameMembers(
          result?.outcome === "referenced" ? result.references : [],
          dependants,
          when,
        );
      };
      await check("while they wait");
      await runOne(actor, "item");
      await runOne(actor, "work");
      await runOne(actor, "work");
      await check("when all are over");
      expect.ok(await isThere(context.state, blocker), "a referenced chain was deleted");
    },
  ),

  defineCase(
    "P4: a chain that is referenced only by chains of the same call is deleted, in either order",
    async (context, expect) => {
      for (const isBlockerFirst of [true, false]) {
        const blocker = await startOne(context);
        const dependant = await startOne(context, { blockers: waitFor(blocker) });
        const results = await remove(
          context,
          isBlockerFirst ? [blocker, dependant] : [dependant, blocker],
        );
        expect.equal(
          results.map((result) => result.outcome),
          ["deleted", "deleted"],
        );
      }
    },
  ),

  defineCase("P4: a call that refuses one chain deletes the others", async (context, expect) => {
    const [blocker, free] = await startSeveral(context, 2);
    await startOne(context, { blockers: waitFor(blocker!) });
    expect.equal(outcomesOf(await remove(context, [blocker!, free!])), [
      [blocker, "referenced"],
      [free, "deleted"],
    ]);
    expect.ok(await isThere(context.state, blocker!), "a referenced chain was deleted");
  }),

  defineCase("P4: a reference from a later job of a chain counts", async (context, expect) => {
    const actor = await createActor(context);
    const blocker = await startOne(context, { type: "item" });
    const job = await startAndClaim(context, actor);
    await actor.settle(job, continued({ blockers: waitFor(blocker) }));
    expect.equal(await remove(context, [blocker]), [
      { chainId: blocker, outcome: "referenced", references: [job.chainId] },
    ]);
  }),

  defineCase("P4: deleting a dependant takes its references away", async (context, expect) => {
    const blocker = await startOne(context);
    const dependants = [
      await startOne(context, { blockers: waitFor(blocker) }),
      await startOne(context, { blockers: waitFor(blocker) }),
    ];
    expect.match(await jobOf(context, blocker), { dependents: 2 });
    await remove(context, [dependants[0]!]);
    expect.match(await jobOf(context, blocker), { dependents: 1 });
    expect.match(
      await context.state.cancel({
        tx: undefined,
        chainIds: [blocker],
        reason: undefined,
        cascade: false,
      }),
      [{ outcome: "hasDependants", dependants: [dependants[1]] }],
    );
    await remove(context, [dependants[1]!]);
    expect.match(await jobOf(context, blocker), { dependents: 0 });
    expect.match(await remove(context, [blocker]), [{ outcome: "deleted" }]);
  }),

  defineCase(
    "P4 B7b: a blocker that closes after its dependant was deleted releases the others",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startOne(context, { type: "item" });
      const [gone, left] = [
        await startOne(context, { blockers: waitFor(blocker) }),
        await startOne(context, { blockers: waitFor(blocker) }),
      ];
      await remove(context, [gone]);
      expect.match(await runOne(actor, "item"), {
        kind: "settled",
        effects: { chainStatus: "completed", unblocked: [{ chainId: left }] },
      });
    },
  ),

  defineCase(
    "P4: cascade deletes those that name it, and theirs, each once, after those asked for",
    async (context, expect) => {
      const [top, left, right, bottom, bystander] = Array.from({ length: 5 }, () =>
        newChain(context),
      );
      await start(context, [
        top!,
        bystander!,
        { ...left!, blockers: waitFor(top!.chainId) },
        { ...right!, blockers: waitFor(top!.chainId, bystander!.chainId) },
        { ...bottom!, blockers: waitFor(left!.chainId, right!.chainId) },
      ]);
      const results = await remove(context, [top!.chainId], true);
      expect.equal(outcomesOf(results)[0], [top!.chainId, "deleted"]);
      expect.sameMembers(
        outcomesOf(results.slice(1)),
        [left!, right!, bottom!].map((chain) => [chain.chainId, "deleted"]),
      );
      const rest = await context.state.listChains({
        filter: {},
        order: "oldest",
        after: undefined,
        limit: 10,
      });
      expect.equal(
        rest.map((chain) => chain.chainId),
        [bystander!.chainId],
      );
      expect.match(await jobOf(context, bystander!.chainId), { dependents: 0 });
    },
  ),

  defineCase("P4: a cascading deletion follows a line of 60 chains", async (context, expect) => {
    const chains = Array.from({ length: 60 }, () => newChain(context));
    await start(
      context,
      chains.map((chain, index) =>
        index === 0 ? chain : { ...chain, blockers: waitFor(chains[index - 1]!.chainId) },
      ),
    );
    expect.equal((await remove(context, [chains[0]!.chainId], true)).length, 60);
    expect.equal(await context.state.countChains({ filter: {}, cap: 100 }), 0);
  }),

  defineCase("P1: a deletion that rolls back leaves everything", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor, { labels: { a: "1" } });
    const dependant = await startOne(context, { type: "parent", blockers: waitFor(job.chainId) });
    const read = async (): Promise<unknown> =>
      context.state.getChains({ tx: undefined, chainIds: [job.chainId, dependant] });
    const before = await read();
    await rollBack(context.state, async (tx) =>
      context.state.deleteChains({ tx, chainIds: [job.chainId], cascade: true }),
    );
    expect.equal(await read(), before);
    expect.match(await actor.settle(job, completed()), {
      kind: "settled",
      effects: { unblocked: [{ chainId: dependant }] },
    });
  }),

  defineCase("P4: 1,000 chains are deleted in one call", async (context, expect) => {
    const chainIds = await startSeveral(context, 1_000, { labels: { batch: "1" } });
    const results = await remove(context, chainIds);
    expect.ok(
      results.every((result) => result.outcome === "deleted"),
      "not all were deleted",
    );
    expect.equal(await context.state.countChains({ filter: {}, cap: 10 }), 0);
  }),

  defineCase(
    "C2: deleting a blocker while a dependant starts: one of them is refused, never a dangling edge",
    async (context, expect) => {
      const other = await context.openSession();
      for (let round = 0; round < 10; round++) {
        const blocker = await startOne(context, { type: "item" });
        const chain = newChain(context, { blockers: waitFor(blocker) });
        const begin = async (): Promise<string> =>
          start(context, [chain], other).then(
            () => "started",
            (error: { readonly code: string }) => error.code,
          );
        const stop = async (): Promise<string> => (await remove(context, [blocker]))[0]!.outcome;
        const outcomes = await Promise.all(round % 2 === 0 ? [begin(), stop()] : [stop(), begin()]);
        expect.oneOf(outcomes.toSorted(), [
          ["referenced", "started"],
          ["BLOCKER_UNUSABLE", "deleted"],
        ]);
      }
    },
  ),
];
