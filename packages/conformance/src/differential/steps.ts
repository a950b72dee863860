import {
  formatUuidV7,
  type AttemptKey,
  type ClaimedJob,
  type ExchangeResult,
  type RenewResult,
  type Deduplication,
  type NewChain,
  type NewJob,
  type RetentionRule,
  type RetireResult,
  type Outcome,
  type Schedule,
  type Settlement,
  type StateAdapter,
  type Verdict,
  type WakenedJob,
} from "queuert/adapter";

import type { CaseClock } from "../support/case-clock.ts";
import { rollBack } from "../support/held-transaction.ts";
import type { SeededRandom } from "../support/random.ts";
import { sortBy } from "./canonical.ts";
import { readChains, readJobs, readStats } from "./read-steps.ts";

interface WorkerAttempt extends AttemptKey {
  readonly workerId: string;
}

/** What the generator knows of the stores: by the answers of the reference, which are those of the subject until they differ. */
export interface World {
  readonly clock: CaseClock;
  readonly random: SeededRandom;
  readonly chainIds: string[];
  /** Workers whose lease was live when they last asked. */
  readonly liveWorkerIds: string[];
  readonly deadWorkerIds: string[];
  /** Attempts that were handed out and, as far as the answers told, not settled. */
  readonly openAttempts: WorkerAttempt[];
  /** Attempts that were settled or lost: what they still try must change nothing. */
  readonly staleAttempts: WorkerAttempt[];
  readonly repeatable: { workerId: string; settlements: readonly Settlement[] }[];
  sequence: number;
}

/** One call, the same for both stores. Its answer is in canonical form: lists without a promised order are sorted. */
export interface Step {
  readonly action: string;
  run(state: StateAdapter): Promise<unknown>;
  /** Takes the reference's answer into the world. */
  learn?(answer: unknown): void;
}

export const stepTypes: readonly string[] = ["a", "b", "c"];
export const stepLeaseMs = 60_000;
const limit = 10_000;

// A key always comes with the same rules, so that what is kept of it is decided by the port alone.
const deduplications: readonly Deduplication[] = [
  { key: "open-keep", scope: "open", windowMs: undefined, onDuplicate: "keep" },
  { key: "open-replace", scope: "open", windowMs: undefined, onDuplicate: "replace" },
  { key: "open-debounce", scope: "open", windowMs: undefined, onDuplicate: "debounce" },
  { key: "any-keep", scope: "any", windowMs: undefined, onDuplicate: "keep" },
  { key: "any-window", scope: "any", windowMs: 20_000, onDuplicate: "keep" },
];

export function createWorld(clock: CaseClock, random: SeededRandom): World {
  return {
    clock,
    random,
    chainIds: [],
    liveWorkerIds: [],
    deadWorkerIds: [],
    openAttempts: [],
    staleAttempts: [],
    repeatable: [],
    sequence: 0,
  };
}

/** Chooses the next step by chance, and moves the clock before it. */
export function nextStep(world: World): Step {
  const { random, clock } = world;
  // Mostly a little, so that leases hold for some tens of steps; now and then beyond them.
  clock.advance(1 + random.integer(random.integer(60) === 0 ? 2 * stepLeaseMs : 1_000));
  if (world.liveWorkerIds.length === 0) return registerWorker(world);
  const weighted: readonly (readonly [number, (world: World) => Step])[] = [
    [14, startChains],
    [1, registerWorker],
    [1, removeWorker],
    [14, claimAll],
    [22, settle],
    [3, settleAgain],
    [5, renew],
    [4, reap],
    [6, promote],
    [3, completeChains],
    [3, cancel],
    [3, redrive],
    [2, trigger],
    [3, reschedule],
    [2, deleteChains],
    [2, retireChains],
    [1, setTypesPaused],
    [2, chainGraph],
    [3, (known) => readChains(known, stepTypes)],
    [3, (known) => readJobs(known, stepTypes)],
    [1, readStats],
  ];
  let place = random.integer(weighted.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, generate] of weighted) {
    place -= weight;
    if (place < 0) return generate(world);
  }
  return promote();
}

function newChainId(world: World): string {
  world.sequence += 1;
  return formatUuidV7(world.clock.now(), world.sequence % 4_096, world.random.bytes(10));
}

function someChainIds(world: World, countMax: number): string[] {
  // Now and then an id that no chain has.
  const known = [
    ...world.chainIds.slice(-60),
    ...(world.random.integer(40) === 0 ? [newChainId(world)] : []),
  ];
  return world.random.shuffle(known).slice(0, 1 + world.random.integer(countMax));
}

function someSchedule(world: World): Schedule | undefined {
  const chosen = world.random.integer(4);
  if (chosen === 0) return { delayMs: world.random.integer(30_000) };
  if (chosen === 1)
    return { at: new Date(world.clock.now() - 10_000 + world.random.integer(40_000)) };
  return undefined;
}

function someJob(world: World): NewJob {
  const { random } = world;
  const blockers = random.integer(3) === 0 ? someChainIds(world, 2) : [];
  return {
    type: random.pick(stepTypes),
    input: random.integer(4) === 0 ? undefined : `"${random.integer(1_000)}"`,
    priority: random.integer(10),
    schedule: someSchedule(world),
    blockers: blockers.map((chainId, ordinal) => ({ slot: "items", ordinal, chainId })),
    traceContext: random.integer(5) === 0 ? '"trace"' : undefined,
  };
}

function startChains(world: World): Step {
  const { random } = world;
  const chains: NewChain[] = Array.from({ length: 1 + random.integer(4) }, () => ({
    ...someJob(world),
    chainId:
      random.integer(15) === 0 && world.chainIds.length > 0
        ? random.pick(world.chainIds)
        : newChainId(world),
    deduplication: random.integer(4) === 0 ? random.pick(deduplications) : undefined,
    labels: random.integer(3) === 0 ? { shard: `${random.integer(3)}` } : {},
    isUnannounced: random.integer(2) === 0,
  }));
  return {
    ...inSomeTransaction(world, `start ${chains.length} chains`, async (state, tx) =>
      state.startChains({ tx, chains }),
    ),
    learn: () => world.chainIds.push(...chains.map((chain) => chain.chainId)),
  };
}

/** The call alone, in a transaction that commits, in one that rolls back, or in one that commits without it. */
function inSomeTransaction(
  world: World,
  action: string,
  call: (state: StateAdapter, tx: unknown) => Promise<unknown>,
): Step {
  const chosen = world.random.integer(8);
  if (chosen === 0)
    return {
      action: `${action}, rolled back`,
      run: async (state) => rollBack(state, async (tx) => call(state, tx)),
    };
  if (chosen === 1)
    return {
      action: `${action}, undone by a savepoint`,
      run: async (state) =>
        state.transaction(async (tx) => undo(state, tx, async () => call(state, tx))),
    };
  if (chosen <= 3)
    return {
      action: `${action}, in a transaction`,
      run: async (state) => state.transaction(async (tx) => call(state, tx)),
    };
  return { action, run: async (state) => call(state, undefined) };
}

class Undone extends Error {}

/** Takes back what `call` wrote, and answers what it answered. */
async function undo(
  state: StateAdapter,
  tx: unknown,
  call: () => Promise<unknown>,
): Promise<unknown> {
  let answer: unknown;
  try {
    await state.savepoint(tx, async () => {
      answer = await call();
      throw new Undone("The step takes back what it wrote.");
    });
  } catch (error) {
    if (!(error instanceof Undone)) throw error;
  }
  return answer;
}

function registerWorker(world: World): Step {
  const workerId = newChainId(world);
  return {
    action: `register ${workerId}`,
    run: async (state) =>
      state.registerWorker({
        workerId,
        name: "differential",
        host: "host",
        pid: 1,
        types: stepTypes,
        concurrency: 5,
        leaseMs: stepLeaseMs,
      }),
    learn: () => world.liveWorkerIds.push(workerId),
  };
}

function removeWorker(world: World): Step {
  const workerId = someWorkerId(world);
  return { action: `remove ${workerId}`, run: async (state) => state.removeWorker({ workerId }) };
}

function someWorkerId(world: World): string {
  const { random, liveWorkerIds, deadWorkerIds } = world;
  const isDead = deadWorkerIds.length > 0 && random.integer(10) === 0;
  return isDead ? deadWorkerIds.at(-1)! : random.pick(liveWorkerIds.slice(-3));
}

function learnLiveness(world: World, workerId: string, isLive: boolean): void {
  const place = world.liveWorkerIds.indexOf(workerId);
  if (isLive || place === -1) return;
  world.liveWorkerIds.splice(place, 1);
  world.deadWorkerIds.push(workerId);
}

/** Claims all that is ready of a type, so that no order among equals decides who gets what. */
function claimAll(world: World): Step {
  const workerId = someWorkerId(world);
  const [type, isAhead] = [world.random.pick(stepTypes), world.random.integer(3) === 0];
  const claim = {
    types: [{ type, limit }],
    slots: isAhead ? 0 : limit,
    ahead: isAhead ? limit : 0,
  };
  return {
    action: `claim all ${type}${isAhead ? " ahead" : ""} for ${workerId}`,
    run: async (state) => {
      const result = await state.exchange({ workerId, settlements: [], started: [], claim });
      return { ...result, claimed: sortBy(result.claimed, keyText) };
    },
    learn: (answer) => {
      const { claimed, isLive } = answer as ExchangeResult;
      learnLiveness(world, workerId, isLive);
      remember(world, workerId, claimed);
    },
  };
}

function remember(world: World, workerId: string, jobs: readonly AttemptKey[]): void {
  world.openAttempts.push(
    ...jobs.map(({ chainId, chainIndex, claimNo }) => ({ chainId, chainIndex, claimNo, workerId })),
  );
}

function keyText(key: AttemptKey): string {
  return `${key.chainId}:${String(key.chainIndex).padStart(6, "0")}`;
}

function someOutcome(world: World): Outcome {
  const { random } = world;
  const chosen = random.integer(12);
  if (chosen < 4)
    return {
      kind: "completed",
      output: random.integer(3) === 0 ? undefined : `"${random.integer(1_000)}"`,
    };
  if (chosen < 7)
    return { kind: "continued", next: someJob(world), isSticky: random.integer(2) === 0 };
  if (chosen < 9)
    return {
      kind: "retried",
      delayMs: random.integer(2) === 0 ? 0 : random.integer(20_000),
      error: `"${random.integer(1_000)}"`,
    };
  if (chosen === 9)
    return { kind: "rescheduled", schedule: someSchedule(world) ?? { delayMs: 5_000 } };
  if (chosen === 10) return { kind: "failed", error: '"failed"' };
  return { kind: "released" };
}

function settle(world: World): Step {
  const { random } = world;
  const workerId = someWorkerId(world);
  const mine = random.shuffle(
    (random.integer(8) === 0 ? world.staleAttempts : world.openAttempts)
      .filter((attempt) => attempt.workerId === workerId)
      .slice(-30),
  );
  const settlements = mine
    .slice(0, 1 + random.integer(5))
    .map(({ chainId, chainIndex, claimNo }) => ({
      chainId,
      chainIndex,
      claimNo,
      outcome: someOutcome(world),
      traceContext: random.integer(5) === 0 ? '"settled"' : undefined,
    }));
  const started = mine
    .slice(5, 5 + random.integer(4))
    .map(({ chainId, chainIndex, claimNo }) => ({ chainId, chainIndex, claimNo }));
  const learn = (answer: unknown): void => {
    const { verdicts, next } = answer as CanonicalVerdicts;
    world.repeatable.push({ workerId, settlements });
    settlements.forEach((settlement, index) => {
      if (verdicts[index]!.kind !== "refused") learnSettled(world, settlement);
    });
    remember(world, workerId, next);
  };
  if (random.integer(3) > 0) {
    return {
      action: `settle ${settlements.map(({ outcome }) => outcome.kind).join(", ")} for ${workerId}`,
      run: async (state) =>
        canonicalVerdicts(
          (await state.exchange({ workerId, settlements, started, claim: undefined })).verdicts,
        ),
      learn,
    };
  }
  const call = async (state: StateAdapter, tx: unknown): Promise<unknown> =>
    canonicalVerdicts(await state.settle({ tx, workerId, settlements }));
  const action = `settle ${settlements.map(({ outcome }) => outcome.kind).join(", ")} in a transaction for ${workerId}`;
  if (random.integer(3) === 0)
    return {
      action: `${action}, rolled back`,
      run: async (state) => rollBack(state, async (tx) => call(state, tx)),
    };
  return { action, run: async (state) => state.transaction(async (tx) => call(state, tx)), learn };
}

function learnSettled(world: World, attempt: AttemptKey): void {
  const place = world.openAttempts.findIndex(
    (open) => keyText(open) === keyText(attempt) && open.claimNo === attempt.claimNo,
  );
  if (place !== -1) world.staleAttempts.push(...world.openAttempts.splice(place, 1));
}

function settleAgain(world: World): Step {
  const earlier = world.repeatable.at(-1);
  if (earlier === undefined) return promote();
  return {
    action: `settle again for ${earlier.workerId}`,
    run: async (state) =>
      canonicalVerdicts(
        (await state.exchange({ ...earlier, started: [], claim: undefined })).verdicts,
      ),
  };
}

interface CanonicalVerdicts {
  readonly verdicts: readonly Verdict[];
  readonly unblocked: readonly WakenedJob[];
  readonly next: readonly ClaimedJob[];
}

/** Which of several settlements released a job is a matter of their order inside; that it was released is not. */
function canonicalVerdicts(verdicts: readonly Verdict[]): CanonicalVerdicts {
  const effects = verdicts.flatMap((verdict) =>
    verdict.kind === "settled" ? [verdict.effects] : [],
  );
  return {
    verdicts: verdicts.map((verdict) =>
      verdict.kind === "settled"
        ? { ...verdict, effects: { ...verdict.effects, unblocked: [] } }
        : verdict,
    ),
    unblocked: sortBy(
      effects.flatMap((effect) => effect.unblocked),
      (job) => `${job.chainId}:${job.chainIndex}`,
    ),
    next: verdicts.flatMap((verdict) =>
      "next" in verdict && verdict.next !== undefined ? [verdict.next] : [],
    ),
  };
}

function renew(world: World): Step {
  const { random } = world;
  const workerId = someWorkerId(world);
  const mine = [...world.staleAttempts.slice(-10), ...world.openAttempts].filter(
    (attempt) => attempt.workerId === workerId,
  );
  // Mostly all that it knows; now and then it has forgotten some.
  const known = (random.integer(4) === 0 ? mine.filter(() => random.integer(3) > 0) : mine).map(
    ({ chainId, chainIndex, claimNo }) => ({ chainId, chainIndex, claimNo }),
  );
  const started = known.filter(() => random.integer(3) === 0);
  const progress = known
    .filter(() => random.integer(4) === 0)
    .map((attempt) => ({ ...attempt, value: `${random.integer(100)}` }));
  return {
    action: `renew ${workerId}`,
    run: async (state) => {
      const result = await state.renew({
        workerId,
        leaseMs: stepLeaseMs,
        held: known,
        started,
        progress,
      });
      return {
        ...result,
        lost: sortBy(result.lost, (attempt) => `${keyText(attempt)}:${attempt.claimNo}`),
      };
    },
    learn: (answer) => {
      const { isLive, lost } = answer as RenewResult;
      learnLiveness(world, workerId, isLive);
      for (const attempt of lost) learnSettled(world, attempt);
    },
  };
}

function reap(): Step {
  const attemptLimits = stepTypes.map((type) => ({ type, attemptCountMax: 3, error: '"used up"' }));
  return {
    action: "reap",
    run: async (state) => {
      const result = await state.reap({ limit, attemptLimits });
      // The attempt of a held job is no attempt yet, and its number no promise.
      return {
        reaped: sortBy(
          result.reaped.map(({ attempt: _attempt, ...job }) => job),
          keyText,
        ),
        workerIds: result.workerIds.toSorted(),
        isMore: result.isMore,
      };
    },
  };
}

function promote(): Step {
  return {
    action: "promote",
    run: async (state) => {
      const result = await state.promote({ limit });
      return { ...result, promoted: sortBy(result.promoted, (entry) => entry.type) };
    },
  };
}

function completeChains(world: World): Step {
  const items = someChainIds(world, 3).map((chainId) => ({
    chainId,
    type: world.random.pick(stepTypes),
    outcome:
      world.random.integer(2) === 0
        ? ({ kind: "completed", output: '"by hand"' } as const)
        : ({ kind: "continued", next: someJob(world), isSticky: false } as const),
  }));
  return inSomeTransaction(world, `complete ${items.length} chains`, async (state, tx) => {
    const results = await state.completeChains({ tx, items });
    const unblocked = results.flatMap((result) =>
      "effects" in result ? result.effects.unblocked : [],
    );
    return {
      results: results.map((result) =>
        "effects" in result ? { ...result, effects: { ...result.effects, unblocked: [] } } : result,
      ),
      unblocked: sortBy(unblocked, (job) => `${job.chainId}:${job.chainIndex}`),
    };
  });
}

function cancel(world: World): Step {
  const [chainIds, cascade] = [someChainIds(world, 3), world.random.integer(2) === 0];
  return inSomeTransaction(
    world,
    `cancel ${chainIds.length} chains${cascade ? ", cascade" : ""}`,
    async (state, tx) =>
      askedThenOthers(
        chainIds,
        (await state.cancel({ tx, chainIds, reason: '"reason"', cascade })).map((result) =>
          result.outcome === "hasDependants"
            ? { ...result, dependants: result.dependants.toSorted() }
            : result,
        ),
      ),
  );
}

function deleteChains(world: World): Step {
  const [chainIds, cascade] = [someChainIds(world, 2), world.random.integer(3) === 0];
  return inSomeTransaction(
    world,
    `delete ${chainIds.length} chains${cascade ? ", cascade" : ""}`,
    async (state, tx) =>
      askedThenOthers(
        chainIds,
        (await state.deleteChains({ tx, chainIds, cascade })).map((result) =>
          result.outcome === "referenced"
            ? { ...result, references: result.references.toSorted() }
            : result,
        ),
      ),
  );
}

function retireChains(world: World): Step {
  const { random } = world;
  const rule = (): RetentionRule => ({
    maxAgeMs: random.integer(2) === 0 ? random.integer(stepLeaseMs) : undefined,
    maxCount: random.integer(2) === 0 ? random.integer(40) : undefined,
  });
  const rules = { completed: rule(), failed: rule(), cancelled: rule() };
  const batch = random.integer(2) === 0 ? 1 + random.integer(5) : limit;
  return {
    action: `retire chains by ${batch}`,
    // An adapter may end a call early, and what goes may set free what was passed: in the end the same is gone.
    run: async (state) => {
      const gone: RetireResult["retired"][number][] = [];
      for (;;) {
        const countBefore = gone.length;
        for (let isMore = true; isMore;) {
          const result = await state.retireChains({ rules, limit: batch });
          gone.push(...result.retired);
          ({ isMore } = result);
        }
        if (gone.length === countBefore) return sortBy(gone, (chain) => chain.chainId);
      }
    },
  };
}

/** The results of a cascade follow those asked for, in no promised order. */
function askedThenOthers<TResult extends { readonly chainId: string }>(
  chainIds: readonly string[],
  results: readonly TResult[],
): readonly TResult[] {
  return [
    ...results.slice(0, chainIds.length),
    ...sortBy(results.slice(chainIds.length), (result) => result.chainId),
  ];
}

function redrive(world: World): Step {
  const chainIds = someChainIds(world, 20);
  return inSomeTransaction(world, `redrive ${chainIds.length} chains`, async (state, tx) =>
    state.redrive({ tx, chainIds }),
  );
}

function trigger(world: World): Step {
  const chainIds = someChainIds(world, 6);
  return inSomeTransaction(world, `trigger ${chainIds.length} chains`, async (state, tx) =>
    state.trigger({ tx, chainIds }),
  );
}

function reschedule(world: World): Step {
  const [chainIds, schedule] = [someChainIds(world, 4), someSchedule(world) ?? { delayMs: 0 }];
  return inSomeTransaction(world, `reschedule ${chainIds.length} chains`, async (state, tx) =>
    state.reschedule({ tx, chainIds, schedule }),
  );
}

function setTypesPaused(world: World): Step {
  const [type, isPaused] = [world.random.pick(stepTypes), world.random.integer(3) === 0];
  return inSomeTransaction(world, `${isPaused ? "pause" : "resume"} ${type}`, async (state, tx) =>
    state.setTypesPaused({ tx, types: [type], isPaused }),
  );
}

function chainGraph(world: World): Step {
  const chainId = someChainIds(world, 1)[0] ?? newChainId(world);
  return {
    action: "read a chain graph",
    run: async (state) => {
      const graph = await state.chainGraph({ chainId, depth: 100, limit });
      return {
        chains: graph.chains.map((chain) => chain.chainId).toSorted(),
        edges: sortBy(
          graph.edges,
          (edge) => `${edge.job.chainId}:${edge.job.chainIndex}:${edge.slot}:${edge.ordinal}`,
        ),
        isTruncated: graph.isTruncated,
      };
    },
  };
}
