import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { createActor, runOne, startAndClaim, type Actor } from "../support/actor.ts";
import { holdTransaction, letOthersRun } from "../support/held-transaction.ts";
import {
  chainOf,
  completed,
  continued,
  failed,
  jobOf,
  newChain,
  newJob,
  start,
  startOne,
  startSeveral,
  waitFor,
} from "../support/jobs.ts";

const minute = 60_000;

/** Whether the job of a chain runs and has its blocker's output: it was released, once and with everything. */
async function claimAfterBlocker(
  actor: Actor,
): Promise<readonly { readonly output: string | undefined }[]> {
  const [job] = await actor.claim("work");
  return job?.blockers.map(({ output }) => ({ output })) ?? [];
}

export const blockerCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "B7: a job waits until its blocker completes, and then has the blocker's output",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startOne(context, { type: "item" });
      const chainId = await startOne(context, {
        blockers: [{ slot: "rate", ordinal: 0, chainId: blocker }],
      });
      expect.equal(await actor.claim("work"), [], "a blocked job was claimed");
      const verdict = await runOne(actor, "item", '"rate"');
      expect.equal(verdict, {
        kind: "settled",
        effects: {
          chainStatus: "completed",
          chainDurationMs: 0,
          unblocked: [{ chainId, chainIndex: 0, type: "work", status: "ready", blockedMs: 0 }],
        },
      });
      const job = await actor.claimOne("work");
      expect.match(job, {
        chainId,
        blockers: [
          { slot: "rate", ordinal: 0, chainId: blocker, chainType: "item", output: '"rate"' },
        ],
      });
      expect.match(await jobOf(context, chainId), { openBlockers: 0 });
    },
  ),

  defineCase("B7: the time of release is the ready time", async (context, expect) => {
    const actor = await createActor(context);
    const blocker = await startOne(context, { type: "item" });
    const chainId = await startOne(context, { blockers: waitFor(blocker) });
    context.clock.advance(1_500);
    await runOne(actor, "item");
    expect.match(await jobOf(context, chainId), {
      status: "ready",
      readyAt: new Date(context.clock.now()),
    });
    context.clock.advance(250);
    expect.match(await actor.claimOne("work"), { waitMs: 250 });
  }),

  defineCase(
    "B7: a blocked job whose time has not come is scheduled when its blocker completes",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startOne(context, { type: "item" });
      const chainId = await startOne(context, {
        blockers: waitFor(blocker),
        schedule: { delayMs: minute },
      });
      const verdict = await runOne(actor, "item");
      expect.match(verdict, {
        kind: "settled",
        effects: { unblocked: [{ chainId, chainIndex: 0, type: "work", status: "scheduled" }] },
      });
      expect.match(await jobOf(context, chainId), { status: "scheduled", openBlockers: 0 });
      context.clock.advance(minute);
      await context.state.promote({ limit: 10 });
      expect.match(await actor.claimOne("work"), { chainId });
    },
  ),

  defineCase(
    "B7: a blocker that has completed before blocks nothing, and its output is there",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startOne(context, { type: "item" });
      await runOne(actor, "item", '"early"');
      const [result] = await start(context, [newChain(context, { blockers: waitFor(blocker) })]);
      expect.match(result, { outcome: "created", jobStatus: "ready" });
      expect.match(await jobOf(context, result!.chainId), { openBlockers: 0 });
      expect.match(await jobOf(context, blocker), { dependents: 1 });
      expect.match(await actor.claimOne("work"), {
        blockers: [{ chainId: blocker, output: '"early"' }],
      });
    },
  ),

  defineCase(
    "B7: the output of a blocker is that of its last job, and chainType that of its first",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startAndClaim(context, actor, { type: "first" });
      await startOne(context, { blockers: waitFor(blocker.chainId) });
      await actor.settle(blocker, continued({ type: "last" }));
      expect.equal(await actor.claim("work"), [], "claimed while the blocker goes on");
      await runOne(actor, "last", '"end"');
      expect.match(await actor.claimOne("work"), {
        blockers: [{ chainId: blocker.chainId, chainType: "first", type: "last", output: '"end"' }],
      });
    },
  ),

  defineCase("B7: a blocker without an output gives none", async (context, expect) => {
    const actor = await createActor(context);
    await startOne(context, { blockers: waitFor(await startOne(context, { type: "item" })) });
    await runOne(actor, "item", undefined);
    expect.match(await actor.claimOne("work"), { blockers: [{ output: undefined }] });
  }),

  defineCase(
    "B7: a failed blocker still blocks, and releases after a redrive that completes",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startAndClaim(context, actor, { type: "item" });
      const before = await startOne(context, { blockers: waitFor(blocker.chainId) });
      const verdict = await actor.settle(blocker, failed());
      expect.match(verdict, { kind: "settled", effects: { chainStatus: "failed", unblocked: [] } });
      const [after] = await start(context, [
        newChain(context, { blockers: waitFor(blocker.chainId) }),
      ]);
      expect.match(after, { jobStatus: "blocked" }, "started after the failure");
      expect.match(
        await jobOf(context, before),
        { status: "blocked", openBlockers: 1 },
        "started before the failure",
      );
      await context.state.redrive({ tx: undefined, chainIds: [blocker.chainId] });
      expect.equal(await actor.claim("work"), [], "claimed although the blocker was only redriven");
      await runOne(actor, "item", '"late"');
      const claimed = await actor.claim("work");
      expect.sameMembers(
        claimed.map((job) => job.chainId),
        [before, after!.chainId],
      );
      expect.ok(
        claimed.every((job) => job.blockers[0]?.output === '"late"'),
        "an output is missing",
      );
    },
  ),

  defineCase("B7: slots and ordinals come back as they were given", async (context, expect) => {
    const actor = await createActor(context);
    const [rate, first, second] = [
      await startOne(context, { type: "rate" }),
      await startOne(context, { type: "item" }),
      await startOne(context, { type: "item" }),
    ];
    const blockers = [
      { slot: "items", ordinal: 1, chainId: second },
      { slot: "rate", ordinal: 0, chainId: rate },
      { slot: "items", ordinal: 0, chainId: first },
    ];
    await startOne(context, { blockers });
    for (const type of ["rate", "item", "item"]) {
      await runOne(actor, type);
    }
    const job = await actor.claimOne("work");
    expect.sameMembers(
      job.blockers.map(({ slot, ordinal, chainId }) => ({ slot, ordinal, chainId })),
      blockers,
    );
  }),

  defineCase(
    "B7: a chain that stands in two slots counts twice and releases once",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startOne(context, { type: "item" });
      const chainId = await startOne(context, {
        blockers: [
          { slot: "a", ordinal: 0, chainId: blocker },
          { slot: "b", ordinal: 0, chainId: blocker },
        ],
      });
      expect.match(await jobOf(context, blocker), { dependents: 2 });
      expect.match(await jobOf(context, chainId), { openBlockers: 2 });
      const verdict = await runOne(actor, "item", "1");
      expect.match(verdict, {
        kind: "settled",
        effects: { unblocked: [{ chainId, status: "ready" }] },
      });
      expect.match(await actor.claimOne("work"), { blockers: [{ output: "1" }, { output: "1" }] });
    },
  ),

  defineCase(
    "B7: the last of several blockers releases, whichever it is",
    async (context, expect) => {
      const actor = await createActor(context);
      const blockers = await startSeveral(context, 5, { type: "item" });
      const chainId = await startOne(context, { blockers: waitFor(...blockers) });
      const jobs = context.random.shuffle(await actor.claim("item"));
      for (const [index, job] of jobs.entries()) {
        const verdict = await actor.settle(job, completed());
        const isLast = index === jobs.length - 1;
        expect.match(
          verdict,
          { effects: { unblocked: isLast ? [{ chainId }] : [] } },
          `after ${index + 1} of 5`,
        );
        expect.match(await jobOf(context, chainId), {
          status: isLast ? "ready" : "blocked",
          openBlockers: jobs.length - 1 - index,
        });
      }
    },
  ),

  defineCase("B7: closing a chain releases all that wait for it", async (context, expect) => {
    const actor = await createActor(context);
    const blocker = await startOne(context, { type: "item" });
    const waiting = await startSeveral(context, 60, { blockers: waitFor(blocker) });
    expect.match(await jobOf(context, blocker), { dependents: 60 });
    const verdict = await runOne(actor, "item");
    expect.sameMembers(
      verdict.kind === "settled" ? verdict.effects.unblocked.map((job) => job.chainId) : [],
      waiting,
    );
    expect.equal((await actor.claim("work")).length, 60);
  }),

  defineCase(
    "B7: a continuation may wait for blockers, named in its place",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startOne(context, { type: "item" });
      const job = await startAndClaim(context, actor);
      const verdict = await actor.settle(
        job,
        continued({ type: "next", blockers: waitFor(blocker) }),
      );
      expect.equal(verdict, {
        kind: "settled",
        effects: { waiting: { type: "next", status: "blocked" }, unblocked: [] },
      });
      expect.equal(await actor.claim("next"), []);
      const released = await runOne(actor, "item", "7");
      expect.match(released, {
        effects: {
          unblocked: [{ chainId: job.chainId, chainIndex: 1, type: "next", status: "ready" }],
        },
      });
      expect.match(await actor.claimOne("next"), {
        chainId: job.chainId,
        chainIndex: 1,
        blockers: [{ output: "7" }],
      });
    },
  ),

  defineCase(
    "B7: a continuation whose blockers have completed is ready at once",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startOne(context, { type: "item" });
      await runOne(actor, "item", "7");
      const job = await startAndClaim(context, actor);
      expect.match(
        await actor.settle(job, continued({ type: "next", blockers: waitFor(blocker) })),
        { effects: { waiting: { type: "next", status: "ready" } } },
      );
      expect.match(await actor.claimOne("next"), { blockers: [{ output: "7" }] });
    },
  ),

  defineCase(
    "B7: a continuation and the close of its blocker in one exchange: released, in either order",
    async (context, expect) => {
      const actor = await createActor(context);
      for (const order of ["closer first", "closer last"]) {
        const [blocker, job] = [
          await startAndClaim(context, actor, { type: "item" }),
          await startAndClaim(context, actor),
        ];
        const close = { ...blocker, outcome: completed('"both"') };
        const wait = {
          ...job,
          outcome: continued({ type: "next", blockers: waitFor(blocker.chainId) }),
        };
        const { verdicts } = await actor.exchange({
          settlements: order === "closer first" ? [close, wait] : [wait, close],
        });
        expect.match(verdicts, [{ kind: "settled" }, { kind: "settled" }], order);
        expect.match(
          await actor.claimOne("next"),
          { chainId: job.chainId, blockers: [{ output: '"both"' }] },
          order,
        );
      }
    },
  ),

  defineCase(
    "B7: a start whose blocker closes first, in a transaction that commits, is ready",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context);
      const blocker = await startAndClaim(context, actor, { type: "item" });
      const held = await holdTransaction(context.state);
      const [verdict] = await context.state.settle({
        tx: held.tx,
        workerId: actor.workerId,
        settlements: [{ ...blocker, outcome: completed("1") }],
      });
      expect.match(verdict, { kind: "settled" });
      const waiting = start(
        context,
        [newChain(context, { blockers: waitFor(blocker.chainId) })],
        other,
      );
      await letOthersRun();
      await held.commit();
      const [result] = await waiting;
      expect.match(result, { outcome: "created", jobStatus: "ready" });
      expect.equal(await claimAfterBlocker(actor), [{ output: "1" }]);
    },
  ),

  defineCase(
    "B7: a start whose blocker closes first, in a transaction that rolls back, is blocked until it really closes",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context);
      const blocker = await startAndClaim(context, actor, { type: "item" });
      const held = await holdTransaction(context.state);
      await context.state.settle({
        tx: held.tx,
        workerId: actor.workerId,
        settlements: [{ ...blocker, outcome: completed("1") }],
      });
      const waiting = start(
        context,
        [newChain(context, { blockers: waitFor(blocker.chainId) })],
        other,
      );
      await letOthersRun();
      await held.rollback();
      const [result] = await waiting;
      expect.match(result, { outcome: "created", jobStatus: "blocked" });
      await actor.settle(blocker, completed("2"));
      expect.equal(await claimAfterBlocker(actor), [{ output: "2" }]);
    },
  ),

  defineCase(
    "B7: a closer that comes after an uncommitted start releases it once both have committed",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context, { state: other });
      const blocker = await startAndClaim(context, actor, { type: "item" });
      const held = await holdTransaction(context.state);
      const [result] = await context.state.startChains({
        tx: held.tx,
        chains: [newChain(context, { blockers: waitFor(blocker.chainId) })],
      });
      expect.match(result, { jobStatus: "blocked" });
      const exchange = actor.exchange({ settlements: [{ ...blocker, outcome: completed("1") }] });
      await letOthersRun();
      await held.commit();
      const { verdicts } = await exchange;
      expect.oneOf(verdicts[0]!.kind, ["settled", "deferred"]);
      if (verdicts[0]!.kind === "deferred") await actor.settle(blocker, completed("1"));
      expect.match(await jobOf(context, result!.chainId), { status: "ready", openBlockers: 0 });
      expect.equal(await claimAfterBlocker(actor), [{ output: "1" }]);
    },
  ),

  defineCase(
    "B7: a closer that comes after a start which rolls back closes, and releases nobody",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context, { state: other });
      const blocker = await startAndClaim(context, actor, { type: "item" });
      const held = await holdTransaction(context.state);
      await context.state.startChains({
        tx: held.tx,
        chains: [newChain(context, { blockers: waitFor(blocker.chainId) })],
      });
      const exchange = actor.exchange({ settlements: [{ ...blocker, outcome: completed() }] });
      await letOthersRun();
      await held.rollback();
      const { verdicts } = await exchange;
      const verdict =
        verdicts[0]!.kind === "deferred" ? await actor.settle(blocker, completed()) : verdicts[0]!;
      expect.match(verdict, {
        kind: "settled",
        effects: { chainStatus: "completed", unblocked: [] },
      });
      expect.match(await jobOf(context, blocker), { dependents: 0 });
    },
  ),

  defineCase(
    "Q2: a start whose blocker is being continued stays blocked until the chain ends",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context);
      const blocker = await startAndClaim(context, actor, { type: "item" });
      const held = await holdTransaction(context.state);
      await context.state.settle({
        tx: held.tx,
        workerId: actor.workerId,
        settlements: [{ ...blocker, outcome: continued({ type: "last" }) }],
      });
      const waiting = start(
        context,
        [newChain(context, { blockers: waitFor(blocker.chainId) })],
        other,
      );
      await letOthersRun();
      await held.commit();
      expect.match(await waiting, [{ outcome: "created", jobStatus: "blocked" }]);
      expect.equal(await actor.claim("work"), [], "claimed while the blocker goes on");
      await runOne(actor, "last", '"end"');
      expect.equal(await claimAfterBlocker(actor), [{ output: '"end"' }]);
    },
  ),

  defineCase(
    "Q2: a blocker that is continued after an uncommitted start keeps it blocked until the chain ends",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context, { state: other });
      const blocker = await startAndClaim(context, actor, { type: "item" });
      const held = await holdTransaction(context.state);
      await context.state.startChains({
        tx: held.tx,
        chains: [newChain(context, { blockers: waitFor(blocker.chainId) })],
      });
      const exchange = actor.exchange({
        settlements: [{ ...blocker, outcome: continued({ type: "last" }) }],
      });
      await letOthersRun();
      await held.commit();
      const { verdicts } = await exchange;
      if (verdicts[0]!.kind === "deferred")
        await actor.settle(blocker, continued({ type: "last" }));
      expect.equal(await actor.claim("work"), [], "claimed while the blocker goes on");
      await runOne(actor, "last", '"end"');
      expect.equal(await claimAfterBlocker(actor), [{ output: '"end"' }]);
    },
  ),

  defineCase(
    "B7 C2: starts and closers at once, many times: nobody is left blocked, nobody starts early",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context, { state: other });
      for (let round = 0; round < 30; round++) {
        const itemType = `item-${round}`;
        const blocker = await startAndClaim(context, actor, { type: itemType });
        const begin = async (): Promise<unknown> =>
          start(context, [
            newChain(context, { type: `work-${round}`, blockers: waitFor(blocker.chainId) }),
          ]);
        const close = async (): Promise<unknown> => actor.settle(blocker, completed(`${round}`));
        await Promise.all(round % 2 === 0 ? [begin(), close()] : [close(), begin()]);
        expect.match(
          await actor.claim(`work-${round}`),
          [{ blockers: [{ output: `${round}` }] }],
          `round ${round}`,
        );
      }
    },
  ),

  defineCase(
    "B7: a transaction that starts blocker and dependant together commits both, blocked",
    async (context, expect) => {
      const actor = await createActor(context);
      const [blocker, chain] = [newChain(context, { type: "item" }), newChain(context)];
      await context.state.transaction(async (tx) => {
        await context.state.startChains({ tx, chains: [blocker] });
        await context.state.startChains({
          tx,
          chains: [{ ...chain, blockers: waitFor(blocker.chainId) }],
        });
      });
      expect.match(await jobOf(context, chain.chainId), { status: "blocked" });
      await runOne(actor, "item");
      expect.match(await actor.claimOne("work"), { chainId: chain.chainId });
    },
  ),

  defineCase("B7: a cancelled dependant is not woken by its blocker", async (context, expect) => {
    const actor = await createActor(context);
    const blocker = await startOne(context, { type: "item" });
    const chainId = await startOne(context, { blockers: waitFor(blocker) });
    await context.state.cancel({
      tx: undefined,
      chainIds: [chainId],
      reason: undefined,
      cascade: false,
    });
    expect.match(await runOne(actor, "item"), { kind: "settled", effects: { unblocked: [] } });
    expect.match(await chainOf(context, chainId), { status: "cancelled" });
    expect.equal(await actor.claim("work"), []);
  }),

  defineCase("B7: a deep line of chains unblocks link by link", async (context, expect) => {
    const actor = await createActor(context);
    const chains = Array.from({ length: 20 }, (_, index) =>
      newChain(context, { type: `link-${index}` }),
    );
    await start(
      context,
      chains.map((chain, index) => ({
        ...chain,
        ...(index === 0 ? {} : { blockers: waitFor(chains[index - 1]!.chainId) }),
      })),
    );
    for (const [index, chain] of chains.entries()) {
      const job = await actor.claimOne(`link-${index}`);
      expect.match(job, { chainId: chain.chainId });
      if (index > 0) expect.match(job, { blockers: [{ output: `${index - 1}` }] });
      await actor.settle(job, completed(`${index}`));
    }
    expect.equal(
      await context.state.countChains({ filter: { statuses: ["completed"] }, cap: 100 }),
      20,
    );
  }),

  defineCase("B7: newJob's defaults wait for nothing", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor, newJob());
    expect.equal(job.blockers, []);
  }),
];
