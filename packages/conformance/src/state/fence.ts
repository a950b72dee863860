import type { AttemptKey, ClaimedJob, Outcome } from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import {
  attemptKey,
  createActor,
  expireLeases,
  leaseMs,
  reapAll,
  startAndClaim,
  type Actor,
} from "../support/actor.ts";
import {
  chainOf,
  completed,
  continued,
  failed,
  jobOf,
  released,
  rescheduled,
  retried,
  startOne,
} from "../support/jobs.ts";

const outcomes: readonly (readonly [string, Outcome])[] = [
  ["complete", completed('"stale"')],
  ["continue", continued({ type: "stale" })],
  ["continue, sticky", continued({ type: "stale" }, { isSticky: true })],
  ["retry", retried(0)],
  ["reschedule", rescheduled(1_000)],
  ["fail", failed()],
  ["release", released],
];

/** A worker freezes beyond its lease, its job is reaped, and the same process claims it again under the same worker id. */
async function claimTwice(
  context: StateContext,
): Promise<{ readonly actor: Actor; readonly stale: ClaimedJob; readonly fresh: ClaimedJob }> {
  const actor = await createActor(context);
  const stale = await startAndClaim(context, actor);
  expireLeases(context);
  await reapAll(context);
  await context.state.registerWorker({
    workerId: actor.workerId,
    name: "actor",
    host: "host",
    pid: 1,
    types: ["work"],
    concurrency: 10,
    leaseMs,
  });
  return { actor, stale, fresh: await actor.claimOne("work") };
}

export const fenceCases: readonly ConformanceCase<StateContext>[] = [
  ...outcomes.map(([name, outcome]) =>
    defineCase<StateContext>(
      `P3 A2 Q4: a stale attempt of the same worker id cannot ${name}`,
      async (context, expect) => {
        const { actor, stale, fresh } = await claimTwice(context);
        expect.match(fresh, { chainId: stale.chainId, claimNo: 2, attempt: 2 });
        const before = await jobOf(context, stale);
        expect.equal(await actor.settle(stale, outcome), { kind: "lost", reason: "leaseLost" });
        const inTransaction = await context.state.transaction(async (tx) =>
          context.state.settle({
            tx,
            workerId: actor.workerId,
            settlements: [{ ...attemptKey(stale), outcome }],
          }),
        );
        expect.equal(inTransaction, [{ kind: "lost", reason: "leaseLost" }]);
        expect.equal(await jobOf(context, stale), before);
        expect.equal(
          await context.state.getJobs({
            tx: undefined,
            keys: [{ chainId: stale.chainId, chainIndex: 1 }],
          }),
          [undefined],
        );
        expect.match(await actor.settle(fresh, completed('"fresh"')), { kind: "settled" });
      },
    ),
  ),

  ...outcomes.map(([name, outcome]) =>
    defineCase<StateContext>(
      `P3 A2: an attempt that another worker has taken over cannot ${name}`,
      async (context, expect) => {
        const frozen = await createActor(context);
        const stale = await startAndClaim(context, frozen);
        expireLeases(context);
        await reapAll(context);
        const other = await createActor(context);
        const fresh = await other.claimOne("work");
        const before = await jobOf(context, stale);
        expect.equal(await frozen.settle(stale, outcome), { kind: "lost", reason: "leaseLost" });
        expect.equal(await jobOf(context, stale), before);
        expect.match(await other.settle(fresh, completed('"fresh"')), { kind: "settled" });
        expect.match(await chainOf(context, stale.chainId), { output: '"fresh"' });
      },
    ),
  ),

  defineCase(
    "P3 A2: a stale attempt cannot settle between reap and the next claim",
    async (context, expect) => {
      const frozen = await createActor(context);
      const stale = await startAndClaim(context, frozen);
      expireLeases(context);
      await reapAll(context);
      expect.equal(await frozen.settle(stale, completed()), { kind: "lost", reason: "leaseLost" });
      expect.match(await jobOf(context, stale), { status: "ready" });
    },
  ),

  defineCase(
    "P3 A2 Q4: a stale attempt can neither note its start nor its progress",
    async (context, expect) => {
      const { actor, stale, fresh } = await claimTwice(context);
      const before = await jobOf(context, stale);
      const result = await actor.renew({
        held: [attemptKey(fresh), attemptKey(stale)],
        started: [attemptKey(stale)],
        progress: [{ ...attemptKey(stale), value: '"stale"' }],
      });
      expect.match(result, {
        isLive: true,
        lost: [{ ...attemptKey(stale), reason: "leaseLost" }],
        releasedCount: 0,
      });
      expect.equal(await jobOf(context, stale), before);
    },
  ),

  defineCase(
    "P3 A2 A5: a stale attempt that comes after the fresh one has completed changes nothing",
    async (context, expect) => {
      const { actor, stale, fresh } = await claimTwice(context);
      await actor.settle(fresh, completed('"fresh"'));
      const before = await jobOf(context, stale);
      const verdict = await actor.settle(stale, failed());
      expect.match(verdict, { kind: "lost" });
      expect.oneOf(verdict.kind === "lost" ? verdict.reason : undefined, [
        "leaseLost",
        "completedElsewhere",
      ]);
      expect.equal(await jobOf(context, stale), before);
      expect.match(await chainOf(context, stale.chainId), {
        status: "completed",
        output: '"fresh"',
      });
    },
  ),

  defineCase(
    "P3: another worker's attempt cannot be settled with its claim number",
    async (context, expect) => {
      const [owner, other] = [await createActor(context), await createActor(context)];
      const job = await startAndClaim(context, owner);
      expect.match(await other.settle(job, completed()), { kind: "lost" });
      expect.match(await jobOf(context, job), { status: "running", workerId: owner.workerId });
      expect.match(await owner.settle(job, completed()), { kind: "settled" });
    },
  ),

  defineCase(
    "P3: a claim number that never was is lost, higher or lower",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      expect.match(await actor.settle({ ...attemptKey(job), claimNo: 0 }, completed()), {
        kind: "lost",
      });
      expect.match(await actor.settle({ ...attemptKey(job), claimNo: 2 }, completed()), {
        kind: "lost",
      });
      expect.match(await jobOf(context, job), { status: "running" });
    },
  ),

  defineCase(
    "P3: an attempt of a job that never was is lost as deleted",
    async (context, expect) => {
      const actor = await createActor(context);
      expect.equal(
        await actor.settle(
          { chainId: context.newChainId(), chainIndex: 0, claimNo: 1 },
          completed(),
        ),
        { kind: "lost", reason: "deleted" },
      );
      const chainId = await startOne(context);
      expect.match(await actor.settle({ chainId, chainIndex: 7, claimNo: 1 }, completed()), {
        kind: "lost",
      });
    },
  ),

  defineCase("P3: a job that nobody has claimed cannot be settled", async (context, expect) => {
    const actor = await createActor(context);
    const chainId = await startOne(context);
    for (const claimNo of [0, 1]) {
      expect.match(await actor.settle({ chainId, chainIndex: 0, claimNo }, completed()), {
        kind: "lost",
      });
    }
    expect.match(await jobOf(context, chainId), { status: "ready", attempt: 0 });
  }),

  defineCase(
    "P3: the reason of a loss: cancelled, deleted, completed elsewhere, lease lost",
    async (context, expect) => {
      const actor = await createActor(context);
      const jobs = [
        await startAndClaim(context, actor, { type: "a" }),
        await startAndClaim(context, actor, { type: "b" }),
        await startAndClaim(context, actor, { type: "c" }),
        await startAndClaim(context, actor, { type: "work" }),
      ] as const;
      await context.state.cancel({
        tx: undefined,
        chainIds: [jobs[0].chainId],
        reason: undefined,
        cascade: false,
      });
      await context.state.deleteChains({
        tx: undefined,
        chainIds: [jobs[1].chainId],
        cascade: false,
      });
      await context.state.completeChains({
        tx: undefined,
        items: [{ chainId: jobs[2].chainId, type: "c", outcome: completed() }],
      });
      expireLeases(context);
      await reapAll(context);
      const { verdicts } = await actor.exchange({
        settlements: jobs.map((job) => ({ ...attemptKey(job), outcome: completed() })),
      });
      expect.equal(
        verdicts,
        ["cancelled", "deleted", "completedElsewhere", "leaseLost"].map((reason) => ({
          kind: "lost",
          reason,
        })),
      );
    },
  ),

  defineCase(
    "P3: an attempt whose job was continued elsewhere is lost as completed elsewhere",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await context.state.completeChains({
        tx: undefined,
        items: [{ chainId: job.chainId, type: "work", outcome: continued({ type: "next" }) }],
      });
      expect.equal(await actor.settle(job, completed()), {
        kind: "lost",
        reason: "completedElsewhere",
      });
      expect.match(await chainOf(context, job.chainId), {
        status: "open",
        last: { chainIndex: 1 },
      });
    },
  ),

  defineCase(
    "P3: an attempt from before a redrive cannot settle the job after it",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await actor.settle(job, failed());
      await context.state.redrive({ tx: undefined, chainIds: [job.chainId] });
      const stale: AttemptKey = attemptKey(job);
      expect.oneOf((await actor.settle(stale, completed())).kind, ["already", "lost"]);
      expect.match(await jobOf(context, job), { status: "ready" });
      const fresh = await actor.claimOne("work");
      expect.match(fresh, { claimNo: 2, attempt: 1 });
      expect.match(await actor.settle(stale, completed()), { kind: "lost" });
      expect.match(await actor.settle(fresh, completed()), { kind: "settled" });
    },
  ),

  defineCase(
    "P3 A4: of two attempts that end at once, the one that holds the job wins, in either order",
    async (context, expect) => {
      const other = await context.openSession();
      for (const order of [0, 1]) {
        const { actor, stale, fresh } = await claimTwice(context);
        const settleStale = async (): Promise<unknown> =>
          context.state.transaction(async (tx) =>
            context.state.settle({
              tx,
              workerId: actor.workerId,
              settlements: [{ ...attemptKey(stale), outcome: completed('"stale"') }],
            }),
          );
        const settleFresh = async (): Promise<unknown> =>
          other.transaction(async (tx) =>
            other.settle({
              tx,
              workerId: actor.workerId,
              settlements: [{ ...attemptKey(fresh), outcome: completed('"fresh"') }],
            }),
          );
        await Promise.all(
          order === 0 ? [settleStale(), settleFresh()] : [settleFresh(), settleStale()],
        );
        expect.match(await chainOf(context, stale.chainId), {
          status: "completed",
          output: '"fresh"',
        });
      }
    },
  ),
];
