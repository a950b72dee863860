import type { ClaimedJob, Outcome, Verdict } from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { attemptKey, createActor, startAndClaim } from "../support/actor.ts";
import {
  completed,
  continued,
  failed,
  jobOf,
  released,
  rescheduled,
  retried,
  startOne,
  waitFor,
} from "../support/jobs.ts";

const minute = 60_000;

const outcomes: readonly (readonly [string, Outcome])[] = [
  ["completed", completed('"out"')],
  ["continued", continued({ type: "next" })],
  ["retried with a delay", retried(minute)],
  ["retried at once", retried(0)],
  ["rescheduled", rescheduled(minute)],
  ["failed", failed()],
  ["released", released],
];

export const settleAgainCases: readonly ConformanceCase<StateContext>[] = [
  ...outcomes.map(([name, outcome]) =>
    defineCase<StateContext>(
      `P3 C18: repeating a settlement (${name}) answers already and changes nothing`,
      async (context, expect) => {
        const actor = await createActor(context);
        const job = await startAndClaim(context, actor);
        expect.match(await actor.settle(job, outcome), { kind: "settled" });
        const [before, chainBefore] = [
          await jobOf(context, job),
          await context.state.getChains({ tx: undefined, chainIds: [job.chainId] }),
        ];
        context.clock.advance(1_000);
        expect.equal(await actor.settle(job, outcome), { kind: "already" });
        expect.equal(await jobOf(context, job), before);
        expect.equal(
          await context.state.getChains({ tx: undefined, chainIds: [job.chainId] }),
          chainBefore,
        );
        expect.equal(
          (
            await context.state.listJobs({
              filter: {},
              order: "oldest",
              after: undefined,
              limit: 10,
            })
          ).length,
          name === "continued" ? 2 : 1,
        );
      },
    ),
  ),

  defineCase(
    "P3 C18: repeating a settlement in the user's transaction answers already",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const settlements = [{ ...attemptKey(job), outcome: completed("1") }];
      await context.state.transaction(async (tx) =>
        context.state.settle({ tx, workerId: actor.workerId, settlements }),
      );
      const again = await context.state.transaction(async (tx) =>
        context.state.settle({ tx, workerId: actor.workerId, settlements }),
      );
      expect.equal(again, [{ kind: "already" }]);
    },
  ),

  defineCase(
    "P3 F7: an attempt that is handed in twice at once is settled by the first of the two",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const { verdicts } = await context.state.exchange({
        workerId: actor.workerId,
        settlements: [
          { ...attemptKey(job), outcome: failed() },
          { ...attemptKey(job), outcome: released },
        ],
        started: [],
        claim: undefined,
      });
      expect.equal(
        verdicts.map(({ kind }) => kind),
        ["settled", "already"],
      );
      expect.match(await jobOf(context, job), { status: "failed" });
    },
  ),

  defineCase(
    "P3: two jobs of a chain that are handed in again at once are answered with their own next jobs",
    async (context, expect) => {
      const actor = await createActor(context);
      const first = await startAndClaim(context, actor);
      const outcome = continued({ type: "next" }, { isSticky: true });
      const second = nextOf(await actor.settle(first, outcome));
      const third = nextOf(await actor.settle(second, outcome));
      const { verdicts } = await context.state.exchange({
        workerId: actor.workerId,
        settlements: [first, second].map((job) => ({ ...attemptKey(job), outcome })),
        started: [],
        claim: undefined,
      });
      expect.match(verdicts, [{ kind: "already" }, { kind: "already" }]);
      expect.equal(
        verdicts.map((verdict) => ("next" in verdict ? verdict.next?.chainIndex : undefined)),
        [undefined, third.chainIndex],
      );
    },
  ),

  defineCase("P3: a repeated failure leaves one attempt record", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor);
    await actor.settle(job, failed());
    await actor.settle(job, failed());
    expect.equal((await context.state.listAttempts({ key: job })).length, 1);
  }),

  defineCase("P3 B7b: a repeated completion releases nobody twice", async (context, expect) => {
    const actor = await createActor(context);
    const [first, second] = [
      await startAndClaim(context, actor, { type: "item" }),
      await startAndClaim(context, actor, { type: "item" }),
    ];
    const chainId = await startOne(context, { blockers: waitFor(first.chainId, second.chainId) });
    await actor.settle(first, completed());
    await actor.settle(first, completed());
    expect.match(await jobOf(context, chainId), { status: "blocked", openBlockers: 1 });
  }),

  defineCase(
    "P3 F7: a continuation that is handed in twice makes one next job",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await actor.settle(job, continued({ type: "next" }));
      const next = await actor.claimOne("next");
      expect.equal(
        await actor.settle(job, continued({ type: "next" })),
        { kind: "already" },
        "while the next job runs",
      );
      await actor.settle(next, completed());
      expect.match(
        await actor.settle(job, continued({ type: "next" })),
        { kind: "already" },
        "after the chain ended",
      );
      expect.equal(
        (
          await context.state.listJobs({
            filter: { chainId: job.chainId },
            order: "oldest",
            after: undefined,
            limit: 10,
          })
        ).length,
        2,
      );
    },
  ),

  defineCase(
    "P3 C18: a retry that is handed in again after the job was claimed again changes nothing",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await actor.settle(job, retried(0));
      const second = await actor.claimOne("work");
      const before = await jobOf(context, job);
      expect.oneOf((await actor.settle(job, retried(0))).kind, ["already", "lost"]);
      expect.equal(await jobOf(context, job), before);
      expect.match(await actor.settle(second, completed()), { kind: "settled" });
    },
  ),

  defineCase(
    "P3 C18: a repeated batch answers already for what took effect and settles the rest",
    async (context, expect) => {
      const actor = await createActor(context);
      const jobs = [
        await startAndClaim(context, actor),
        await startAndClaim(context, actor),
        await startAndClaim(context, actor),
      ];
      const settlements = jobs.map((job) => ({ ...attemptKey(job), outcome: completed() }));
      await actor.exchange({ settlements: settlements.slice(0, 2) });
      const { verdicts } = await actor.exchange({ settlements });
      expect.equal(
        verdicts.map((verdict) => verdict.kind),
        ["already", "already", "settled"],
      );
    },
  ),
];

/** The next job that a sticky continuation brought. */
function nextOf(verdict: Verdict): ClaimedJob {
  const next = "next" in verdict ? verdict.next : undefined;
  if (next === undefined) throw new Error(`The verdict "${verdict.kind}" brings no next job.`);
  return next;
}
