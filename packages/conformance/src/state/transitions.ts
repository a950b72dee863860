import {
  jobStatuses,
  jobTransitions,
  nextJobStatuses,
  type JobEvent,
  type JobKey,
  type JobRecord,
  type JobStatus,
} from "queuert/adapter";

import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { createActor, expireLeases, reapAll, type Actor } from "../support/actor.ts";
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
const events: readonly JobEvent[] = [
  ...new Set(jobStatuses.flatMap((status) => Object.keys(jobTransitions[status]) as JobEvent[])),
];

/** The job under test: the root of a chain with one blocker, so that every event can be tried on every status. */
interface Subject {
  readonly key: JobKey;
  readonly blocker: JobKey & { readonly claimNo: number };
  readonly actor: Actor;
}

/** Brings a job of type "work" into a status by the port's own operations. */
async function bringTo(context: StateContext, status: JobStatus): Promise<Subject> {
  const actor = await createActor(context);
  const blockerId = await startOne(context, { type: "item" });
  const blocker = await actor.claimOne("item");
  const schedule = status === "scheduled" ? { delayMs: minute / 2 } : undefined;
  const chainId = await startOne(context, { schedule, blockers: waitFor(blockerId) });
  const subject: Subject = { key: { chainId, chainIndex: 0 }, blocker, actor };
  if (status === "blocked") return subject;
  if (status === "cancelled") {
    await context.state.cancel({
      tx: undefined,
      chainIds: [chainId],
      reason: undefined,
      cascade: false,
    });
    return subject;
  }
  await actor.settle(blocker, completed());
  if (status === "scheduled" || status === "ready") return subject;
  const job = await actor.claimOne("work");
  if (status === "completed") await actor.settle(job, completed());
  if (status === "continued") await actor.settle(job, continued({ type: "next" }));
  if (status === "failed") await actor.settle(job, failed());
  return subject;
}

/** Lets an event happen to the job, whether it may or not. */
async function apply(
  context: StateContext,
  subject: Subject,
  event: JobEvent,
  before: JobRecord,
): Promise<void> {
  const { key, blocker, actor } = subject;
  const chainIds = [key.chainId];
  const attempt = { ...key, claimNo: before.claimNo };
  const isRunning = before.status === "running";
  switch (event) {
    case "blockersCompleted":
      await actor.settle(blocker, completed());
      return;
    case "due":
      context.clock.advance(minute / 2);
      await context.state.promote({ limit: 10 });
      return;
    case "trigger":
      await context.state.trigger({ tx: undefined, chainIds });
      return;
    case "reschedule":
      // A running job is rescheduled by its holder, any other by an operator.
      if (isRunning) await actor.settle(attempt, rescheduled(minute));
      else
        await context.state.reschedule({ tx: undefined, chainIds, schedule: { delayMs: minute } });
      return;
    case "claim":
      await (await createActor(context)).claim("work");
      return;
    case "complete":
    case "continue": {
      const outcome = event === "complete" ? completed() : continued({ type: "next" });
      if (isRunning) await actor.settle(attempt, outcome);
      else
        await context.state.completeChains({
          tx: undefined,
          items: [{ chainId: key.chainId, type: "work", outcome }],
        });
      return;
    }
    case "retry":
      await actor.settle(attempt, retried(0));
      return;
    case "fail":
      await actor.settle(attempt, failed());
      return;
    case "release":
      await actor.settle(attempt, released);
      return;
    case "reap":
      expireLeases(context);
      await reapAll(context);
      return;
    case "cancel":
      await context.state.cancel({ tx: undefined, chainIds, reason: undefined, cascade: false });
      return;
    case "redrive":
      await context.state.redrive({ tx: undefined, chainIds });
      return;
    default:
      event satisfies never;
  }
}

/** The count of a closed job's blockers says nothing any more, and may follow them or not. */
function comparable(job: JobRecord): JobRecord {
  return { ...job, openBlockers: job.status === "blocked" ? job.openBlockers : 0 };
}

export const transitionCases: readonly ConformanceCase<StateContext>[] = jobStatuses.flatMap(
  (status) =>
    events.map((event) => {
      const allowed = nextJobStatuses(status, event);
      const promise = allowed.length > 0 ? `leads to ${allowed.join(" or ")}` : "changes nothing";
      return defineCase<StateContext>(
        `P3 P4: a ${status} job, ${event}: ${promise}`,
        async (context, expect) => {
          const subject = await bringTo(context, status);
          const before = await jobOf(context, subject.key);
          expect.equal(before.status, status, "before the event");
          await apply(context, subject, event, before);
          const after = await jobOf(context, subject.key);
          if (allowed.length === 0) expect.equal(comparable(after), comparable(before));
          else expect.oneOf(after.status, allowed);
        },
      );
    }),
);
