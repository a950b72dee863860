import {
  BlockerUnusableError,
  ChainCancelledError,
  ChainFailedError,
  ChainNotFoundError,
  StoreConflictError,
  StoreUnavailableError,
  type Chain,
} from "queuert";
import { outsideToken } from "./checker.ts";
import { noBlockers } from "./handlers.ts";
import { blockerSlots, type JobPlan, type PlanInput, type PlanOutput } from "./job-plans.ts";
import type { MemoryTransaction, Random, SimulatedNode } from "queuert/testing";
import type { Await, World } from "./world.ts";
import { assertTrue } from "./violation.ts";

/** The world, and the chance of one step. */
interface StepWorld extends World {
  readonly random: Random;
}

type Transaction = MemoryTransaction | "autocommit";

/** What users and operators do, and how often. */
const actionWeights = {
  start: 30,
  startAndAwait: 12,
  startMany: 8,
  startInTransaction: 8,
  rollBack: 4,
  startInSavepoint: 4,
  startWithHooks: 4,
  startUnannounced: 5,
  repeatId: 3,
  cancel: 6,
  redrive: 7,
  trigger: 5,
  reschedule: 5,
  remove: 4,
  complete: 6,
  pause: 2,
  resume: 3,
} as const;

/** Does one thing that a user or operator does, by the given process. Resolves when it is done; never, when the process dies. */
export async function actAsUser(world: World, node: SimulatedNode, random: Random): Promise<void> {
  const action = random.weighted(actionWeights);
  world.run.count(`user: ${action}`);
  world.run.trace(`${node.process.name}: ${action}`);
  try {
    await actions[action]({ ...world, random }, node);
  } catch (error) {
    // What could not be done is told to the user, who does nothing about it.
    if (!isExpected(error)) world.checker.fail(error);
  }
}

class RollBack extends Error {}

function isExpected(error: unknown): boolean {
  return (
    error instanceof StoreUnavailableError ||
    error instanceof StoreConflictError ||
    error instanceof BlockerUnusableError ||
    error instanceof RollBack
  );
}

const actions: Record<
  keyof typeof actionWeights,
  (world: StepWorld, node: SimulatedNode) => Promise<unknown>
> = {
  start: (world, { client }) => client.startChain(drawStart(world, "autocommit")),
  startAndAwait: async (world, node) => {
    const chain = await node.client.startChain(drawStart(world, "autocommit"));
    void awaitChain(world, node, chain);
  },
  startMany: async (world, { client }) => {
    const starts = Array.from({ length: world.random.between(2, 6) }, () =>
      drawStart(world, "autocommit"),
    );
    // Some share a statement without knowing.
    if (world.random.isTrue(0.5))
      await Promise.all(starts.map((start) => client.startChain(start)));
    else
      await client.startChains({
        tx: "autocommit",
        chains: starts.map(({ tx: _tx, ...chain }) => chain),
      } as never);
  },
  startInTransaction: (world, { client }) =>
    client.transaction(async (tx) => {
      for (let count = world.random.between(1, 3); count > 0; count--) {
        const chain = await client.startChain(drawStart(world, tx));
        client.onCommit({ tx }, () => checkEffect(world, chain));
      }
    }),
  startInSavepoint: (world, { client }) =>
    client.transaction(async (tx) => {
      await client.startChain(drawStart(world, tx));
      await client
        .savepoint({ tx }, async () => {
          const chain = await client.startChain({
            ...drawStart(world, tx),
            deduplication: undefined,
          });
          client.onCommit({ tx }, () => checkEffect(world, chain));
          throw new RollBack();
        })
        .catch((error: unknown) => {
          if (!(error instanceof RollBack)) throw error;
        });
    }),
  startWithHooks: (world, { client, state }) =>
    client.withTransactionHooks((hooks) =>
      state.transaction(async (tx) => {
        const chain = await client.startChain({ ...drawStart(world, tx), hooks });
        hooks.onCommit(() => checkEffect(world, chain));
        if (world.random.isTrue(0.3)) throw new RollBack();
      }),
    ),
  rollBack: (world, { client }) =>
    client.transaction(async (tx) => {
      await client.startChain(drawStart(world, tx));
      throw new RollBack();
    }),
  startUnannounced: (world, { client, state }) =>
    state.transaction((tx) => client.startChain(drawStart(world, tx))),
  repeatId: async (world, { client }) => {
    const chain = drawChain(world);
    if (chain === undefined) return;
    const plan = planOf(world, chain.type);
    await client.startChain({
      tx: "autocommit",
      type: chain.type,
      id: chain.id,
      input: { hops: 0 },
      ...noBlockers(plan),
    });
  },
  cancel: (world, { client }) =>
    client.cancel({
      tx: "autocommit",
      chainIds: drawChainIds(world),
      cascade: world.random.isTrue(0.5),
      reason: "no need",
    }),
  redrive: async (world, { client }) => {
    const failed = [...world.model.chains.values()]
      .filter(({ status }) => status === "failed")
      .map(({ chainId }) => chainId);
    const results = await client.redrive({
      tx: "autocommit",
      chainIds:
        failed.length > 0 && world.random.isTrue(0.8)
          ? [world.random.pick(failed)]
          : drawChainIds(world),
    });
    return results;
  },
  trigger: (world, { client }) =>
    client.trigger({ tx: "autocommit", chainIds: drawChainIds(world) }),
  reschedule: (world, { client }) =>
    client.reschedule({
      tx: "autocommit",
      chainIds: drawChainIds(world),
      delayMs: world.random.pick([0, 100, 10_000]),
    }),
  remove: (world, { client }) =>
    client.deleteChains({
      tx: "autocommit",
      chainIds: drawChainIds(world),
      cascade: world.random.isTrue(0.5),
    }),
  complete: async (world, { client }) => {
    const chain = drawChain(world);
    if (chain === undefined) return;
    const type = world.model.chains.get(chain.id)?.jobs.at(-1)?.type ?? chain.type;
    const ending = drawEnding(world, planOf(world, type));
    await client.completeChain({ tx: "autocommit", chain, type, ...ending } as never);
  },
  pause: (world, { client }) => client.operate.pauseTypes(typesParameter(world)),
  resume: (world, { client }) => client.operate.resumeTypes(typesParameter(world)),
};

/** What a user lets follow after a commit must find what was committed. */
function checkEffect(world: World, chain: Chain): void {
  world.checker.note(() =>
    assertTrue(
      world.model.knownChain(chain.id) !== undefined,
      "noFalseNews",
      () => `an effect ran for ${chain.id}, which was never committed`,
    ),
  );
}

function typesParameter(world: StepWorld): { tx: "autocommit"; types: readonly string[] } {
  return { tx: "autocommit", types: [world.random.pick(world.plans).type] };
}

/** Awaits a chain as a user does, again after each outage, and checks what it learns. */
async function awaitChain(world: World, node: SimulatedNode, chain: Chain): Promise<void> {
  const wait: Await = { chainId: chain.id, process: node.process };
  world.awaits.add(wait);
  try {
    const { output } = await node.client.awaitChain({ chain, pollIntervalMs: 2_000 });
    const known = world.model.chainsOfId(chain.id);
    assertTrue(
      known.some(
        ({ closings, jobs }) =>
          closings.includes("completed") && JSON.stringify(output) === jobs.at(-1)?.output,
      ),
      "hintsOnly",
      () =>
        `who awaited ${chain.id} learnt ${JSON.stringify(output)}; the chains of that id, in turn: ${known.map(({ status, jobs }) => `${status} with ${jobs.at(-1)?.output}`).join("; ")}`,
    );
  } catch (error) {
    world.checker.note(() => checkAwaitError(world, chain.id, error));
  } finally {
    world.awaits.delete(wait);
  }
}

function checkAwaitError(world: World, chainId: string, error: unknown): void {
  const known = world.model.chainsOfId(chainId);
  const hasClosed = (status: "failed" | "cancelled"): boolean =>
    known.some(({ closings }) => closings.includes(status));
  const isTrue =
    error instanceof ChainFailedError
      ? hasClosed("failed")
      : error instanceof ChainCancelledError
        ? hasClosed("cancelled")
        : error instanceof ChainNotFoundError && world.model.deletedChains.has(chainId);
  assertTrue(
    isTrue,
    "hintsOnly",
    () =>
      `who awaited ${chainId}, which is ${known.at(-1)?.status ?? "unknown"}, learnt: ${String((error as Error)?.stack ?? error)}`,
  );
}

function planOf(world: World, type: string): JobPlan {
  return world.plans.find((plan) => plan.type === type)!;
}

function drawChain(world: StepWorld): Chain | undefined {
  const chains = [...world.model.chains.values()];
  if (chains.length === 0) return undefined;
  // Most that happens concerns what is new.
  const { chainId, type } = world.random.isTrue(0.7)
    ? world.random.pick(chains.slice(-10))
    : world.random.pick(chains);
  return { id: chainId, type };
}

function drawChainIds(world: StepWorld): readonly string[] {
  const ids = Array.from(
    { length: world.random.between(1, 3) },
    () => drawChain(world)?.id ?? "01900000-0000-7000-8000-000000000000",
  );
  return [...new Set(ids)];
}

function drawStart(
  world: StepWorld,
  tx: Transaction,
): { tx: Transaction; type: string; input: PlanInput } {
  const { random } = world;
  const plan = random.pick(world.plans.filter(({ isEntry }) => isEntry));
  return {
    tx,
    type: plan.type,
    input: drawInput(world),
    ...(random.isTrue(0.2) ? { priority: random.between(0, 9) } : {}),
    ...(random.isTrue(0.15) ? { delayMs: random.pick([1, 500, 10_000]) } : {}),
    ...(random.isTrue(0.2) ? { deduplication: drawDeduplication(world) } : {}),
    ...(plan.blockerType === undefined ? {} : { blockers: drawBlockers(world, plan.blockerType) }),
  };
}

/** With an output, or with the next job. */
function drawEnding({ random, plans }: StepWorld, plan: JobPlan): object {
  const output: PlanOutput = { token: outsideToken };
  if (plan.continueWith.length === 0 || random.isTrue(0.5)) return { output };
  const nextType = random.pick(plan.continueWith);
  const next = plans.find(({ type }) => type === nextType)!;
  return {
    continueWith: { type: next.type, input: { hops: random.between(0, 2) }, ...noBlockers(next) },
  };
}

function drawInput({ random, eagerShare }: StepWorld): PlanInput {
  if (random.isTrue(0.03)) return { hops: 0, isPoison: true };
  return random.isTrue(eagerShare)
    ? { hops: random.pick([3, 10, 40]), isEager: true }
    : { hops: random.pick([0, 0, 1, 2, 5, 20]) };
}

/** The options follow from the key, as in an application: what a key means does not change from call to call. */
function drawDeduplication(world: StepWorld): object {
  const key = world.random.between(0, 5);
  return {
    key: `key-${key}`,
    scope: key % 2 === 0 ? "open" : "any",
    windowMs: key === 3 ? 5_000 : undefined,
    onDuplicate: ["keep", "replace", "debounce"][key % 3],
  };
}

/** Chains that exist, so that no circle closes: each is older than the one that waits. */
function drawBlockers(world: StepWorld, type: string): object {
  const chains = [...world.model.chains.values()].filter(
    (chain) => chain.type === type && (chain.status !== "cancelled" || world.random.isTrue(0.05)),
  );
  const draw = (): readonly Chain[] =>
    chains.length === 0
      ? []
      : Array.from({ length: world.random.pick([0, 1, 1, 3]) }, () =>
          world.random.pick(chains.slice(-15)),
        ).map((chain) => ({ id: chain.chainId, type }));
  return Object.fromEntries(blockerSlots.map((slot) => [slot, draw()]));
}
