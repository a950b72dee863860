import type { ClaimedJob, Outcome } from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { attemptKey, createActor, startAndClaim, type Actor } from "../support/actor.ts";
import { holdTransaction } from "../support/held-transaction.ts";
import {
  completed,
  continued,
  failed,
  jobOf,
  newChain,
  released,
  rescheduled,
  retried,
  start,
  startOne,
  waitFor,
} from "../support/jobs.ts";

const created = '{"traceparent":"created"}';
const ended = '{"traceparent":"ended"}';

async function settleWith(
  actor: Actor,
  job: ClaimedJob,
  outcome: Outcome,
  traceContext?: string,
): Promise<void> {
  await actor.exchange({ settlements: [{ ...attemptKey(job), outcome, traceContext }] });
}

const outcomes: Readonly<Record<string, Outcome>> = {
  completed: completed(),
  continued: continued({ type: "next" }),
  retried: retried(),
  rescheduled: rescheduled(1_000),
  failed: failed(),
  released,
};

function outcomeCases(kind: string, outcome: Outcome): readonly ConformanceCase<StateContext>[] {
  return [
    defineCase(`P2: ${kind} replaces the job's trace context`, async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { traceContext: created });
      expect.equal(job.traceContext, created, "at the claim");
      await settleWith(actor, job, outcome, ended);
      expect.equal((await jobOf(context, job)).traceContext, ended);
    }),
    defineCase(`P2: ${kind} without a trace context leaves it`, async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { traceContext: created });
      await settleWith(actor, job, outcome);
      expect.equal((await jobOf(context, job)).traceContext, created);
    }),
  ];
}

export const traceContextCases: readonly ConformanceCase<StateContext>[] = [
  ...Object.entries(outcomes).flatMap(([kind, outcome]) => outcomeCases(kind, outcome)),

  defineCase("P2: a continuation has a trace context of its own", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor, { traceContext: created });
    const next = '{"traceparent":"next"}';
    await settleWith(actor, job, continued({ type: "next", traceContext: next }), ended);
    expect.equal((await actor.claimOne("next")).traceContext, next);
  }),

  defineCase(
    "P3: a settlement that is lost leaves the trace context as it is",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { traceContext: created });
      await settleWith(actor, { ...job, claimNo: job.claimNo - 1 }, completed(), ended);
      expect.equal((await jobOf(context, job)).traceContext, created);
      await settleWith(actor, job, released, ended);
      await settleWith(actor, job, released, '{"traceparent":"repeated"}');
      expect.equal((await jobOf(context, job)).traceContext, ended, "after a repeat");
    },
  ),

  defineCase(
    "P2: a trace context that is settled in a transaction rolls back with it",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { traceContext: created });
      const settlements = [{ ...attemptKey(job), outcome: completed(), traceContext: ended }];
      for (const end of ["rollback", "commit"] as const) {
        const held = await holdTransaction(context.state);
        await context.state.settle({ tx: held.tx, workerId: actor.workerId, settlements });
        await held[end]();
        expect.equal(
          (await jobOf(context, job)).traceContext,
          end === "commit" ? ended : created,
          `after the ${end}`,
        );
      }
    },
  ),

  defineCase("P2: a job that ends without a worker takes one as well", async (context, expect) => {
    const replaced = await startOne(context, { traceContext: created });
    const left = await startOne(context, { traceContext: created });
    const outcome = completed();
    await context.state.completeChains({
      tx: undefined,
      items: [
        { chainId: replaced, type: "work", outcome, traceContext: ended },
        { chainId: left, type: "work", outcome },
      ],
    });
    expect.equal((await jobOf(context, replaced)).traceContext, ended);
    expect.equal((await jobOf(context, left)).traceContext, created);
  }),

  defineCase(
    "B7: a claimed job has its blockers' trace contexts, and when they closed",
    async (context, expect) => {
      const actor = await createActor(context);
      const item = await startAndClaim(context, actor, { type: "item", traceContext: created });
      const bare = await startOne(context, { type: "bare" });
      const chainId = await startOne(context, { blockers: waitFor(item.chainId, bare) });
      context.clock.advance(1_000);
      // The job that completed the chain, not the one that began it.
      await settleWith(actor, item, continued({ type: "item" }), '{"traceparent":"first"}');
      const last = await actor.claimOne("item");
      await settleWith(actor, last, completed(), ended);
      const itemClosedAt = new Date(context.clock.now());
      context.clock.advance(1_000);
      await settleWith(actor, await actor.claimOne("bare"), completed());
      const bareClosedAt = new Date(context.clock.now());
      context.clock.advance(1_000);
      expect.match(await actor.claimOne("work"), {
        chainId,
        blockers: [
          { chainId: item.chainId, traceContext: ended, closedAt: itemClosedAt },
          { chainId: bare, traceContext: undefined, closedAt: bareClosedAt },
        ],
      });
    },
  ),

  defineCase(
    "P1: a start that finds a chain answers with that chain's trace context",
    async (context, expect) => {
      const other = '{"traceparent":"other"}';
      const first = newChain(context, { traceContext: created });
      expect.match(await start(context, [first]), [{ outcome: "created", traceContext: created }]);
      expect.match(await start(context, [{ ...first, traceContext: other }]), [
        { outcome: "sameId", traceContext: created },
      ]);
      for (const [onDuplicate, outcome] of [
        ["keep", "kept"],
        ["replace", "replaced"],
        ["debounce", "debounced"],
      ] as const) {
        const deduplication = {
          key: onDuplicate,
          scope: "open",
          windowMs: undefined,
          onDuplicate,
        } as const;
        const chains = [created, other].map((traceContext) =>
          newChain(context, { deduplication, traceContext }),
        );
        expect.match(await start(context, chains), [
          { outcome: "created", traceContext: created },
          { outcome, traceContext: created },
        ]);
        expect.equal((await jobOf(context, chains[0]!.chainId)).traceContext, created, outcome);
      }
    },
  ),
];
