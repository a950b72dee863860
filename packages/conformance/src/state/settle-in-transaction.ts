import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { attemptKey, createActor, expireLeases, reapAll, startAndClaim } from "../support/actor.ts";
import { holdTransaction, letOthersRun, rollBack } from "../support/held-transaction.ts";
import {
  chainOf,
  completed,
  continued,
  failed,
  isThere,
  jobOf,
  newChain,
  retried,
  startOne,
  waitFor,
} from "../support/jobs.ts";

export const settleInTransactionCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "P2: settle takes effect when the user's transaction commits",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const other = await context.openSession();
      const held = await holdTransaction(context.state);
      const verdicts = await context.state.settle({
        tx: held.tx,
        workerId: actor.workerId,
        settlements: [{ ...attemptKey(job), outcome: completed("1") }],
      });
      expect.equal(verdicts, [
        {
          kind: "settled",
          effects: { chainStatus: "completed", chainDurationMs: 0, unblocked: [] },
        },
      ]);
      expect.match(await chainOf(context, job.chainId, held.tx), { status: "completed" }, "inside");
      expect.match(
        (await other.getChains({ tx: undefined, chainIds: [job.chainId] }))[0],
        { status: "open", last: { status: "running" } },
        "outside",
      );
      await held.commit();
      expect.match(await chainOf(context, job.chainId), { status: "completed", output: "1" });
    },
  ),

  defineCase(
    "P2: a rollback leaves nothing of a settlement: no close, no next job, no release, no attempt record",
    async (context, expect) => {
      const actor = await createActor(context);
      const jobs = [
        await startAndClaim(context, actor, { type: "a" }),
        await startAndClaim(context, actor, { type: "b" }),
        await startAndClaim(context, actor, { type: "c" }),
        await startAndClaim(context, actor, { type: "d" }),
      ];
      const waiting = await startOne(context, { blockers: waitFor(jobs[0]!.chainId) });
      const read = async (): Promise<unknown> =>
        context.state.getJobs({
          tx: undefined,
          keys: [...jobs, { chainId: waiting, chainIndex: 0 }],
        });
      const before = await read();
      const outcomes = [completed(), continued({ type: "next" }), failed(), retried(0)];
      const settlements = jobs.map((job, index) => ({
        ...attemptKey(job),
        outcome: outcomes[index]!,
      }));
      const verdicts = await rollBack(context.state, async (tx) =>
        context.state.settle({ tx, workerId: actor.workerId, settlements }),
      );
      expect.ok(
        verdicts.every((verdict) => verdict.kind === "settled"),
        "not all were settled inside",
      );
      expect.equal(await read(), before);
      expect.equal(
        await context.state.getJobs({
          tx: undefined,
          keys: [{ chainId: jobs[1]!.chainId, chainIndex: 1 }],
        }),
        [undefined],
      );
      expect.equal(await context.state.listAttempts({ key: jobs[2]! }), []);
      const { verdicts: again } = await actor.exchange({ settlements });
      expect.ok(
        again.every((verdict) => verdict.kind === "settled"),
        "the attempts could not be settled after the rollback",
      );
    },
  ),

  defineCase(
    "P2: a lost verdict has written nothing, also not for its neighbours' rollback",
    async (context, expect) => {
      const actor = await createActor(context);
      const [lost, good] = [
        await startAndClaim(context, actor, { type: "a" }),
        await startAndClaim(context, actor, { type: "b" }),
      ];
      await context.state.cancel({
        tx: undefined,
        chainIds: [lost.chainId],
        reason: undefined,
        cascade: false,
      });
      const own = newChain(context);
      await context.state.transaction(async (tx) => {
        await context.state.startChains({ tx, chains: [own] });
        const verdicts = await context.state.settle({
          tx,
          workerId: actor.workerId,
          settlements: [
            { ...attemptKey(lost), outcome: continued({ type: "next" }) },
            { ...attemptKey(good), outcome: completed() },
          ],
        });
        expect.match(verdicts, [{ kind: "lost", reason: "cancelled" }, { kind: "settled" }]);
      });
      expect.match(await chainOf(context, lost.chainId), {
        status: "cancelled",
        last: { chainIndex: 0 },
      });
      expect.match(await chainOf(context, good.chainId), { status: "completed" });
      expect.ok(await isThere(context.state, own.chainId), "the user's own start is gone");
    },
  ),

  defineCase(
    "P2: a refused verdict in a user's transaction has written nothing",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const open = await startOne(context, { type: "item" });
      const missing = context.newChainId();
      await context.state.transaction(async (tx) => {
        const verdicts = await context.state.settle({
          tx,
          workerId: actor.workerId,
          settlements: [
            { ...attemptKey(job), outcome: continued({ blockers: waitFor(open, missing) }) },
          ],
        });
        expect.equal(verdicts, [{ kind: "refused", blockerChainId: missing, reason: "notFound" }]);
      });
      expect.match(await jobOf(context, job), { status: "running" });
      expect.match(await jobOf(context, open), { dependents: 0 });
    },
  ),

  defineCase(
    "P2: a handler's start and its completion commit together",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const child = newChain(context, { type: "child" });
      await context.state.transaction(async (tx) => {
        await context.state.startChains({ tx, chains: [child] });
        const verdicts = await context.state.settle({
          tx,
          workerId: actor.workerId,
          settlements: [
            {
              ...attemptKey(job),
              outcome: continued({ type: "next", blockers: waitFor(child.chainId) }),
            },
          ],
        });
        expect.match(verdicts, [
          { kind: "settled", effects: { waiting: { type: "next", status: "blocked" } } },
        ]);
      });
      expect.match(await jobOf(context, { chainId: job.chainId, chainIndex: 1 }), {
        status: "blocked",
        openBlockers: 1,
      });
      await actor.settle(await actor.claimOne("child"), completed("9"));
      expect.match(await actor.claimOne("next"), { blockers: [{ output: "9" }] });
    },
  ),

  defineCase(
    "P3: settle after the lease has expired is allowed while nobody has taken the job",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      expireLeases(context);
      const verdicts = await context.state.transaction(async (tx) =>
        context.state.settle({
          tx,
          workerId: actor.workerId,
          settlements: [{ ...attemptKey(job), outcome: completed() }],
        }),
      );
      expect.match(verdicts, [{ kind: "settled" }]);
      expect.equal(await reapAll(context), []);
    },
  ),

  defineCase(
    "P3: settle waits for a transaction that holds the job, and answers lost when that one took it",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const held = await holdTransaction(context.state);
      await context.state.cancel({
        tx: held.tx,
        chainIds: [job.chainId],
        reason: undefined,
        cascade: false,
      });
      const settling = other.transaction(async (tx) =>
        other.settle({
          tx,
          workerId: actor.workerId,
          settlements: [{ ...attemptKey(job), outcome: completed() }],
        }),
      );
      await letOthersRun();
      await held.commit();
      expect.equal(await settling, [{ kind: "lost", reason: "cancelled" }]);
      expect.match(await chainOf(context, job.chainId), { status: "cancelled" });
    },
  ),

  defineCase(
    "P3: settle waits for a transaction that holds the job, and settles when that one rolled back",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const held = await holdTransaction(context.state);
      await context.state.cancel({
        tx: held.tx,
        chainIds: [job.chainId],
        reason: undefined,
        cascade: false,
      });
      const settling = other.transaction(async (tx) =>
        other.settle({
          tx,
          workerId: actor.workerId,
          settlements: [{ ...attemptKey(job), outcome: completed() }],
        }),
      );
      await letOthersRun();
      await held.rollback();
      expect.match(await settling, [{ kind: "settled", effects: { chainStatus: "completed" } }]);
    },
  ),

  defineCase(
    "P3: an exchange that meets a user's transaction on the same job defers or waits, and then tells the truth",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context, { state: other });
      const job = await startAndClaim(context, actor);
      const held = await holdTransaction(context.state);
      await context.state.cancel({
        tx: held.tx,
        chainIds: [job.chainId],
        reason: undefined,
        cascade: false,
      });
      const exchange = actor.exchange({
        settlements: [{ ...attemptKey(job), outcome: completed() }],
      });
      await letOthersRun();
      await held.commit();
      const { verdicts } = await exchange;
      const verdict =
        verdicts[0]!.kind === "deferred" ? await actor.settle(job, completed()) : verdicts[0]!;
      expect.equal(verdict, { kind: "lost", reason: "cancelled" });
    },
  ),

  defineCase(
    "P3: an exchange does not wait for a user's transaction: what that one holds is deferred, the rest is settled",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context, { state: other });
      const [heldJob, freeJob] = [
        await startAndClaim(context, actor, { type: "a" }),
        await startAndClaim(context, actor, { type: "b" }),
      ];
      const next = await startOne(context);
      const held = await holdTransaction(context.state);
      await context.state.cancel({
        tx: held.tx,
        chainIds: [heldJob.chainId],
        reason: undefined,
        cascade: false,
      });
      const { verdicts, claimed } = await actor.exchange({
        settlements: [
          { ...attemptKey(heldJob), outcome: completed() },
          { ...attemptKey(freeJob), outcome: completed() },
        ],
        claim: { types: [{ type: "work", limit: 1 }], slots: 1, ahead: 0 },
      });
      expect.match(verdicts, [{ kind: "deferred" }, { kind: "settled" }]);
      expect.match(claimed, [{ chainId: next }]);
      await held.rollback();
      expect.match(await actor.settle(heldJob, completed()), { kind: "settled" });
    },
    { needs: "concurrentWriters" },
  ),

  defineCase(
    "P2: a sticky continuation in a user's transaction belongs to the worker once it has committed",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const verdicts = await context.state.transaction(async (tx) =>
        context.state.settle({
          tx,
          workerId: actor.workerId,
          settlements: [
            {
              ...attemptKey(job),
              outcome: continued({ type: "next", input: "5" }, { isSticky: true }),
            },
          ],
        }),
      );
      expect.match(verdicts, [
        {
          kind: "settled",
          next: {
            chainId: job.chainId,
            chainIndex: 1,
            claimNo: 1,
            attempt: 1,
            isStarted: true,
            input: "5",
          },
        },
      ]);
      expect.match(await jobOf(context, { chainId: job.chainId, chainIndex: 1 }), {
        status: "running",
        workerId: actor.workerId,
        attempt: 1,
        claimNo: 1,
      });
      const next = { chainId: job.chainId, chainIndex: 1, claimNo: 1 };
      expect.match(await actor.settle(next, completed()), {
        kind: "settled",
        effects: { chainStatus: "completed" },
      });
    },
  ),

  defineCase(
    "P2: a sticky continuation in a transaction that rolls back belongs to nobody",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await rollBack(context.state, async (tx) =>
        context.state.settle({
          tx,
          workerId: actor.workerId,
          settlements: [
            { ...attemptKey(job), outcome: continued({ type: "next" }, { isSticky: true }) },
          ],
        }),
      );
      expect.match(await jobOf(context, job), { status: "running", workerId: actor.workerId });
      expect.match(await context.state.listWorkers({ limit: 10 }), [{ runningCount: 1 }]);
    },
  ),
];
