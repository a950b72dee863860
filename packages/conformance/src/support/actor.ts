import type {
  AttemptKey,
  AttemptLimit,
  ClaimedJob,
  ExchangeParams,
  ExchangeResult,
  NewChain,
  NewWorker,
  Outcome,
  ReapResult,
  RenewParams,
  RenewResult,
  StateAdapter,
  Verdict,
} from "queuert/adapter";

import { ConformanceFailure } from "../expect.ts";
import type { StateContext } from "../state-context.ts";
import { completed, startOne } from "./jobs.ts";

/** A registered worker that a case drives by hand, one call of the port at a time. */
export interface Actor {
  readonly workerId: string;
  readonly state: StateAdapter;
  /** One exchange with whatever is given; deferred settlements are *not* handed in again. */
  exchange(params: Partial<Omit<ExchangeParams, "workerId">>): Promise<ExchangeResult>;
  /** Claims jobs of the types; 100 to begin and none ahead, unless told otherwise. */
  claim(
    types: string | readonly string[],
    options?: { readonly slots?: number; readonly ahead?: number; readonly limit?: number },
  ): Promise<readonly ClaimedJob[]>;
  /** Claims one job of a type; fails when there is none. */
  claimOne(type: string): Promise<ClaimedJob>;
  /** Settles one attempt by an exchange, and hands it in again while it is deferred. */
  settle(attempt: AttemptKey, outcome: Outcome): Promise<Verdict>;
  renew(params?: Partial<Omit<RenewParams, "workerId">>): Promise<RenewResult>;
}

/** Longer than the minutes that cases let pass. */
export const leaseMs = 600_000;

export async function createActor(
  context: StateContext,
  options: Partial<NewWorker> & { readonly state?: StateAdapter } = {},
): Promise<Actor> {
  const { state = context.state, ...fields } = options;
  // Worker ids are of the same kind as chain ids.
  const workerId = fields.workerId ?? context.newChainId();
  await state.registerWorker({
    workerId,
    name: "actor",
    host: "host",
    pid: 1,
    types: ["work"],
    concurrency: 10,
    leaseMs,
    ...fields,
  });

  const exchange: Actor["exchange"] = async (params) =>
    state.exchange({ workerId, settlements: [], started: [], claim: undefined, ...params });
  const claim: Actor["claim"] = async (types, claimOptions = {}) => {
    const { slots = 100, ahead = 0, limit = slots + ahead } = claimOptions;
    const requested = (typeof types === "string" ? [types] : types).map((type) => ({
      type,
      limit,
    }));
    return (await exchange({ claim: { types: requested, slots, ahead } })).claimed;
  };
  return {
    workerId,
    state,
    exchange,
    claim,
    async claimOne(type) {
      const [job] = await claim(type, { slots: 1 });
      if (job === undefined)
        throw new ConformanceFailure(`no job of type "${type}" could be claimed`);
      return job;
    },
    async settle(attempt, outcome) {
      // Others may stand in line for the same chain, one after another: a settlement that does not wait comes after the last of them.
      for (let round = 0; round < 5_000; round++) {
        const { verdicts } = await exchange({ settlements: [{ ...attemptKey(attempt), outcome }] });
        const verdict = verdicts[0]!;
        if (verdict.kind !== "deferred") return verdict;
      }
      throw new ConformanceFailure(
        "a settlement was deferred 5,000 times, although no transaction was open",
      );
    },
    renew: async (params = {}) =>
      state.renew({ workerId, leaseMs, held: [], started: [], progress: [], ...params }),
  };
}

/** The fence of an attempt, without the rest of the job. */
export function attemptKey(attempt: AttemptKey): AttemptKey {
  return { chainId: attempt.chainId, chainIndex: attempt.chainIndex, claimNo: attempt.claimNo };
}

/** Starts a chain and has an actor claim its root. */
export async function startAndClaim(
  context: StateContext,
  actor: Actor,
  fields: Partial<NewChain> = {},
): Promise<ClaimedJob> {
  const type = fields.type ?? "work";
  const chainId = await startOne(context, fields);
  const claimed = await actor.claim(type, { slots: 1_000 });
  const job = claimed.find((candidate) => candidate.chainId === chainId);
  if (job === undefined)
    throw new ConformanceFailure(
      `the chain just started could not be claimed; got ${claimed.length} others`,
    );
  return job;
}

/** Claims the one ready job of a type and completes it. */
export async function runOne(actor: Actor, type: string, output?: string): Promise<Verdict> {
  return actor.settle(await actor.claimOne(type), completed(output));
}

/** Lets a worker's lease run out. */
export function expireLeases(context: StateContext): void {
  context.clock.advance(leaseMs + 1);
}

/** Attempt limits that let no job of these types fail by its lost attempts. */
export function unlimited(...types: readonly string[]): readonly AttemptLimit[] {
  return types.map((type) => ({
    type,
    attemptCountMax: Number.POSITIVE_INFINITY,
    error: '{"message":"lost"}',
  }));
}

/** Reaps until nothing more waits, and returns all that was reaped. */
export async function reapAll(
  context: StateContext,
  attemptLimits: readonly AttemptLimit[] = unlimited("work"),
): Promise<ReapResult["reaped"]> {
  const reaped: ReapResult["reaped"][number][] = [];
  for (let round = 0; round < 1_000; round++) {
    const page = await context.state.reap({ limit: 1_000, attemptLimits });
    reaped.push(...page.reaped);
    if (!page.isMore) return reaped;
  }
  throw new ConformanceFailure("reap answered isMore 1,000 times");
}
