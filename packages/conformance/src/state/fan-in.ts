import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { createActor, type Actor } from "../support/actor.ts";
import { holdTransaction, letOthersRun } from "../support/held-transaction.ts";
import { completed, jobOf, startOne, startSeveral, waitFor } from "../support/jobs.ts";

async function createActors(context: StateContext, count: number): Promise<Actor[]> {
  const sessions = await Promise.all(
    Array.from({ length: count }, async () => context.openSession()),
  );
  return Promise.all(sessions.map(async (state) => createActor(context, { state })));
}

export const fanInCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "B7b Q1: two blockers of one job that close at once in two sessions, 100 rounds: it is always released, once",
    async (context, expect) => {
      const [first, second] = await createActors(context, 2);
      for (let round = 0; round < 100; round++) {
        const type = `item-${round}`;
        const blockers = await startSeveral(context, 2, { type });
        const chainId = await startOne(context, { blockers: waitFor(...blockers) });
        const [left, right] = [await first!.claimOne(type), await second!.claimOne(type)];
        const close = [
          async () => first!.settle(left, completed()),
          async () => second!.settle(right, completed()),
        ];
        const verdicts = await Promise.all(context.random.shuffle(close).map(async (run) => run()));
        const released = verdicts.flatMap((verdict) =>
          verdict.kind === "settled" ? verdict.effects.unblocked : [],
        );
        expect.match(released, [{ chainId, status: "ready" }], `round ${round}`);
        expect.match(
          await jobOf(context, chainId),
          { status: "ready", openBlockers: 0 },
          `round ${round}`,
        );
      }
    },
  ),

  defineCase(
    "B7b Q1: 2 to 50 blockers that close at once in shuffled order from four sessions: nobody is left blocked",
    async (context, expect) => {
      const actors = await createActors(context, 4);
      for (const count of [2, 3, 5, 8, 13, 21, 34, 50]) {
        const type = `item-${count}`;
        const blockers = await startSeveral(context, count, { type });
        const chainId = await startOne(context, {
          type: `work-${count}`,
          blockers: waitFor(...blockers),
        });
        const claimed = await Promise.all(
          actors.map(async (actor) => ({
            actor,
            jobs: await actor.claim(type, { slots: Math.ceil(count / 4) }),
          })),
        );
        const closes = claimed.flatMap(({ actor, jobs }) =>
          jobs.map((job) => async () => actor.settle(job, completed(`"${job.chainId}"`))),
        );
        expect.equal(closes.length, count, "blockers claimed");
        await Promise.all(context.random.shuffle(closes).map(async (close) => close()));
        const job = await actors[0]!.claimOne(`work-${count}`);
        expect.match(job, { chainId });
        expect.sameMembers(
          job.blockers.map((blocker) => blocker.output),
          blockers.map((blocker) => `"${blocker}"`),
          `${count} blockers`,
        );
      }
    },
  ),

  defineCase(
    "B7b Q1: all blockers of one job in one exchange release it once",
    async (context, expect) => {
      const [actor] = await createActors(context, 1);
      const blockers = await startSeveral(context, 50, { type: "item" });
      const chainId = await startOne(context, { blockers: waitFor(...blockers) });
      const jobs = context.random.shuffle(await actor!.claim("item"));
      const { verdicts } = await actor!.exchange({
        settlements: jobs.map((job) => ({ ...job, outcome: completed() })),
      });
      const released = verdicts.flatMap((verdict) =>
        verdict.kind === "settled" ? verdict.effects.unblocked : [],
      );
      expect.match(released, [{ chainId, chainIndex: 0, status: "ready" }]);
      expect.equal((await actor!.claim("work")).length, 1);
    },
  ),

  defineCase(
    "B7b Q1: the last two blockers in two user transactions, the second waits for the first",
    async (context, expect) => {
      const [first, second] = await createActors(context, 2);
      const blockers = await startSeveral(context, 2, { type: "item" });
      const chainId = await startOne(context, { blockers: waitFor(...blockers) });
      const [left, right] = [await first!.claimOne("item"), await second!.claimOne("item")];
      const held = await holdTransaction(first!.state);
      await first!.state.settle({
        tx: held.tx,
        workerId: first!.workerId,
        settlements: [{ ...left, outcome: completed() }],
      });
      const closing = second!.state.transaction(async (tx) =>
        second!.state.settle({
          tx,
          workerId: second!.workerId,
          settlements: [{ ...right, outcome: completed() }],
        }),
      );
      await letOthersRun();
      await held.commit();
      expect.match(await closing, [
        { kind: "settled", effects: { unblocked: [{ chainId, status: "ready" }] } },
      ]);
      expect.match(await jobOf(context, chainId), { status: "ready", openBlockers: 0 });
    },
  ),

  defineCase(
    "B7b Q1: the last two blockers in two user transactions, the first rolls back: the job stays blocked until it closes again",
    async (context, expect) => {
      const [first, second] = await createActors(context, 2);
      const blockers = await startSeveral(context, 2, { type: "item" });
      const chainId = await startOne(context, { blockers: waitFor(...blockers) });
      const [left, right] = [await first!.claimOne("item"), await second!.claimOne("item")];
      const held = await holdTransaction(first!.state);
      await first!.state.settle({
        tx: held.tx,
        workerId: first!.workerId,
        settlements: [{ ...left, outcome: completed() }],
      });
      const closing = second!.state.transaction(async (tx) =>
        second!.state.settle({
          tx,
          workerId: second!.workerId,
          settlements: [{ ...right, outcome: completed() }],
        }),
      );
      await letOthersRun();
      await held.rollback();
      expect.match(await closing, [{ kind: "settled", effects: { unblocked: [] } }]);
      expect.match(await jobOf(context, chainId), { status: "blocked", openBlockers: 1 });
      expect.match(await first!.settle(left, completed()), {
        kind: "settled",
        effects: { unblocked: [{ chainId }] },
      });
    },
  ),

  defineCase(
    "B7b: 20 parents of 20 children each, closed by four sessions in batches: every parent runs",
    async (context, expect) => {
      const actors = await createActors(context, 4);
      const parents: string[] = [];
      for (let parent = 0; parent < 20; parent++) {
        parents.push(
          await startOne(context, {
            type: "parent",
            blockers: waitFor(...(await startSeveral(context, 20, { type: "child" }))),
          }),
        );
      }
      const drain = async (actor: Actor): Promise<void> => {
        for (;;) {
          const jobs = await actor.claim("child", { slots: 7 });
          if (jobs.length === 0) return;
          await Promise.all(jobs.map(async (job) => actor.settle(job, completed())));
        }
      };
      await Promise.all(actors.map(drain));
      const claimed = await actors[0]!.claim("parent");
      expect.sameMembers(
        claimed.map((job) => job.chainId),
        parents,
      );
      expect.ok(
        claimed.every((job) => job.blockers.length === 20),
        "a parent lacks blockers",
      );
    },
  ),
];
