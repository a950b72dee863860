import { UnrecoverableError } from "queuert";
import type { MemoryTransaction, Random, SimulatedNode } from "queuert/testing";
import { startedByLabel } from "./checker.ts";
import {
  blockerSlots,
  type Behaviour,
  type JobPlan,
  type PlanInput,
  type PlanOutput,
} from "./job-plans.ts";
import type { World } from "./world.ts";

/** What the engine gives to a handler, as far as these use it. */
interface Arguments {
  readonly job: {
    readonly id: string;
    readonly token: string;
    readonly attempt: number;
    readonly input: PlanInput;
  };
  readonly signal: AbortSignal;
  continueWith(next: object): unknown;
  commit(run: (tx: MemoryTransaction) => Promise<unknown>): Promise<unknown>;
  reschedule(schedule: { readonly delayMs: number }): unknown;
  progress(value: unknown): void;
}

/** The handlers of one process, by job type. */
export function createHandlers(world: World, node: SimulatedNode): Record<string, object> {
  return Object.fromEntries(
    world.plans.map((plan) => [plan.type, createHandler(world, node, plan)]),
  );
}

function createHandler(world: World, node: SimulatedNode, plan: JobPlan): object {
  return {
    retry: {
      maxAttempts: plan.attemptCountMax,
      backoff: { initialMs: plan.backoffMs, factor: 2, maxMs: 10_000, jitter: 0.5 },
    },
    timeoutMs: plan.timeoutMs,
    concurrency: plan.concurrency,
    handle: (given: Arguments) => {
      world.checker.note(() => world.checker.beginExecution(given.job, plan.attemptCountMax));
      const random = world.run.random.fork(given.job.token);
      const behaviour =
        given.job.input.isPoison === true
          ? "crash"
          : world.run.isCalm
            ? "return"
            : random.weighted(plan.behaviours);
      world.run.trace(`${node.process.name} runs ${given.job.token} (${plan.type}, ${behaviour})`);
      world.run.count(`handler: ${behaviour}`);
      return behave({ world, node, plan, given, random }, behaviour).catch((error: unknown) => {
        // A mistake of the simulation's own would pass for a handler that throws.
        if (error instanceof TypeError) world.checker.fail(error);
        throw error;
      });
    },
  };
}

interface Execution {
  readonly world: World;
  readonly node: SimulatedNode;
  readonly plan: JobPlan;
  readonly given: Arguments;
  /** Follows from the seed and the attempt alone. */
  readonly random: Random;
}

async function behave(execution: Execution, behaviour: Behaviour | "crash"): Promise<unknown> {
  const { node, plan, given, random } = execution;
  const { wait } = execution.world.run;
  const work = (ms: number): Promise<void> => wait(random.between(0, ms), node.process);
  switch (behaviour) {
    case "crash":
      await work(plan.workMs);
      node.process.crash();
      return wait(0, node.process);
    case "return":
      await work(plan.workMs);
      if (random.isTrue(0.2)) given.progress({ done: random.between(0, 100) });
      return outcomeOf(execution, "autocommit");
    case "commit":
      await work(plan.workMs);
      return commit(execution);
    case "throw":
      await work(plan.workMs);
      throw new Error("thrown by a handler");
    case "unrecoverable":
      await work(plan.workMs);
      throw new UnrecoverableError("thrown for good by a handler");
    case "hang":
      return untilAborted(given.signal);
    case "ignoreSignal":
      await work(15_000);
      return outcomeOf(execution, "autocommit");
    case "throwAfterCommit":
      await commit(execution);
      throw new Error("thrown after the commit");
    case "forgetCommit":
      commit(execution).catch(() => {});
      return outcomeOf(execution, "autocommit");
    case "reschedule":
      await work(plan.workMs);
      return given.reschedule({ delayMs: random.pick([0, 10, 3_000]) });
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

/** Writes a chain of its own in the transaction that settles: it exists if and only if that takes effect. */
async function commit(execution: Execution): Promise<unknown> {
  const { world, node, given, random } = execution;
  const { token } = given.job;
  const entry = random.pick(
    world.plans
      .filter(({ isEntry, blockerType }) => isEntry && blockerType === undefined)
      .concat(world.plans.filter(({ isEntry }) => isEntry)),
  );
  const written: string[] = [];
  const settled = await given.commit(async (tx) => {
    const start = (): Promise<{ readonly id: string }> =>
      node.client.startChain({
        tx,
        type: entry.type,
        input: { hops: 0 },
        labels: { [startedByLabel]: token },
        ...noBlockers(entry),
      });
    if (random.isTrue(0.3)) {
      await node.client
        .savepoint({ tx }, async () => {
          await start();
          throw new SavepointGivenUp();
        })
        .catch(ignoreGivenUp);
    }
    if (random.isTrue(0.7)) written.push((await start()).id);
    if (random.isTrue(0.1)) throw new Error("thrown inside the commit");
    return outcomeOf(execution, tx);
  });
  for (const chainId of written)
    world.checker.note(() => world.checker.checkCommitLeft(token, chainId));
  return settled;
}

class SavepointGivenUp extends Error {}

function ignoreGivenUp(error: unknown): void {
  if (!(error instanceof SavepointGivenUp)) throw error;
}

/** An output, or a continuation with chains of its own to wait for. */
async function outcomeOf(
  execution: Execution,
  tx: MemoryTransaction | "autocommit",
): Promise<unknown> {
  const { world, node, plan, given, random } = execution;
  const { hops, isEager = false } = given.job.input;
  const output: PlanOutput = { token: given.job.token };
  if (hops === 0 || plan.continueWith.length === 0) return output;
  if (!isEager && random.isTrue(0.2)) return output;
  const nextType = random.pick(plan.continueWith);
  const next = world.plans.find(({ type }) => type === nextType)!;
  if (isEager)
    return given.continueWith({
      type: next.type,
      input: { hops: hops - 1, isEager },
      ...noBlockers(next),
    });
  const delayMs = random.isTrue(0.15) ? random.between(1, 5_000) : undefined;
  const blockers =
    next.blockerType === undefined
      ? {}
      : { blockers: await startBlockers(execution, next.blockerType, tx) };
  // Time for somebody to cancel or delete them.
  if (tx === "autocommit" && random.isTrue(0.3))
    await world.run.wait(random.between(0, 2_000), node.process);
  return given.continueWith({
    type: next.type,
    input: { hops: hops - 1 },
    priority: random.between(0, 9),
    delayMs,
    ...blockers,
  });
}

/** Chains that nobody else waits for yet, so that no circle closes. They wait for none themselves. */
async function startBlockers(
  { world, node, random }: Execution,
  type: string,
  tx: MemoryTransaction | "autocommit",
): Promise<object> {
  const plan = world.plans.find((candidate) => candidate.type === type)!;
  const blockers: Record<string, unknown[]> = {};
  for (const slot of blockerSlots) {
    blockers[slot] = [];
    for (let count = random.between(0, 2); count > 0; count--) {
      blockers[slot].push(
        await node.client.startChain({
          tx,
          type,
          input: { hops: random.between(0, 1) },
          ...noBlockers(plan),
        }),
      );
    }
  }
  // One chain in two slots counts twice.
  if (blockers["first"]!.length > 0 && random.isTrue(0.3))
    blockers["second"]!.push(blockers["first"]![0]);
  return blockers;
}

export function noBlockers(plan: JobPlan): object {
  return plan.blockerType === undefined
    ? {}
    : { blockers: Object.fromEntries(blockerSlots.map((slot) => [slot, []])) };
}
