import { AttemptsExhaustedError } from "../errors/attempt-errors.ts";
import { encodeError } from "../model/error-codec.ts";
import { formatJobId } from "../model/ids.ts";
import type {
  AttemptLimit,
  PromoteResult,
  ReapResult,
  RenewResult,
} from "../ports/state-adapter.ts";
import type { DomainEvent } from "../ports/telemetry.ts";
import { keyOf, tokenOf } from "./attempt.ts";
import type { Runner } from "./runner.ts";
import type { WorkerState } from "./worker-state.ts";

const reapCountMax = 500;
const promoteCountMax = 1_000;
/** How often to promote although nobody says that a job is due, in ms. */
const upkeepIntervalMs = 60_000;

/** Renews the lease for all that the worker holds at once, and does what any worker may do for all: reap and promote. */
export class Heartbeat<TTransaction> {
  readonly #state: WorkerState<TTransaction>;
  readonly #runner: Runner<TTransaction>;
  readonly #attemptLimits: readonly AttemptLimit[];
  #promotedAtMs = Number.NEGATIVE_INFINITY;

  constructor(state: WorkerState<TTransaction>, runner: Runner<TTransaction>) {
    this.#state = state;
    this.#runner = runner;
    this.#attemptLimits = [...state.options.handlers.values()].map(
      ({ type, retry: { maxAttempts } }) => ({
        type,
        attemptCountMax: maxAttempts,
        error: encodeError(
          new AttemptsExhaustedError({ jobId: `of type ${type}`, attemptCountMax: maxAttempts }),
        ),
      }),
    );
  }

  /** One beat; in the lane, so that no claim is in flight beside it. Answers whether the lease is live. */
  async beat(): Promise<boolean> {
    // Now and not with the answer: who asks for a beat meanwhile speaks of what this one may not have seen.
    this.#state.isBeatDue = false;
    const { isLive, lost, releasedCount } = await this.#renew();
    if (!isLive) return false;
    this.#state.trace?.renewed();
    for (const { reason, ...key } of lost) this.#runner.lose(key, reason);
    if (releasedCount > 0) this.#state.isMoreLikely = true;
    if (this.#state.phase === "running") {
      await this.#reap();
      if (this.#isUpkeepDue) this.#state.isPromoteDue = true;
    }
    return true;
  }

  /** Polls look for due jobs, unless they are rarer than beats. What else `promote` sees to, as keys that have expired, can wait. */
  get #isUpkeepDue(): boolean {
    const { options, context } = this.#state;
    return (
      options.pollIntervalMs > options.leaseMs / 3 ||
      context.clock.monotonicNow() >= this.#promotedAtMs + upkeepIntervalMs
    );
  }

  /** Makes due jobs ready, and answers in how many ms the next one is due. */
  async promote(): Promise<number | undefined> {
    const { promoted, nextDueInMs } = await this.#promote();
    if (nextDueInMs === 0) this.#state.isPromoteDue = true;
    const { context, options } = this.#state;
    void context.signals.send({
      events: [],
      topics: promoted.map(({ type }) => ({ kind: "type", type })),
    });
    if (promoted.some(({ type }) => options.handlers.has(type))) this.#state.isMoreLikely = true;
    if (this.#state.isMoreLikely || this.#state.isPromoteDue) this.#state.requestTurn();
    return nextDueInMs;
  }

  async #promote(): Promise<PromoteResult> {
    this.#state.isPromoteDue = false;
    this.#state.isLookDue = false;
    this.#state.isLookHinted = false;
    try {
      const result = await this.#state.context.state.promote({ limit: promoteCountMax });
      this.#promotedAtMs = this.#state.context.clock.monotonicNow();
      return result;
    } catch (error) {
      this.#state.isPromoteDue = true;
      throw error;
    }
  }

  async #renew(): Promise<RenewResult> {
    const { context, holdings, workerId, options } = this.#state;
    const started = this.#state.takeAllStarted();
    const progress = [...holdings.running.values()].flatMap((attempt) =>
      attempt.progress === undefined ? [] : [{ ...keyOf(attempt.job), value: attempt.progress }],
    );
    const expected = holdings.expectedKeys();
    this.#state.isRenewing = true;
    try {
      const result = await context.state.renew({
        workerId,
        leaseMs: options.leaseMs,
        held: [...holdings.keys(), ...expected],
        started: started.map(({ job }) => keyOf(job)),
        progress,
      });
      for (const { value, ...key } of progress) {
        const attempt = holdings.running.get(tokenOf(key));
        if (attempt?.progress === value) attempt.progress = undefined;
      }
      // One that had not appeared then may run by now.
      const expectedTokens = new Set(expected.map(tokenOf));
      return { ...result, lost: result.lost.filter((key) => !expectedTokens.has(tokenOf(key))) };
    } catch (error) {
      this.#state.putBackStarted(started);
      throw error;
    } finally {
      this.#state.isRenewing = false;
    }
  }

  async #reap(): Promise<void> {
    const { context, options } = this.#state;
    for (;;) {
      const { reaped, isMore } = await context.state.reap({
        limit: reapCountMax,
        attemptLimits: this.#attemptLimits,
      });
      await context.signals.send({
        events: reaped.flatMap(reapEvents),
        topics: reaped.map(({ outcome, type, chainId }) =>
          outcome === "released" ? { kind: "type", type } : { kind: "chain", chainId },
        ),
      });
      if (reaped.some(({ type }) => options.handlers.has(type))) this.#state.isMoreLikely = true;
      if (!isMore) return;
    }
  }
}

function reapEvents(job: ReapResult["reaped"][number]): readonly DomainEvent[] {
  const { chainId, chainType, type, attempt, workerId, outcome } = job;
  const reaped: DomainEvent = {
    name: "attempt.reaped",
    chainId,
    chainType,
    jobId: formatJobId(job),
    type,
    attempt,
    workerId,
    outcome,
  };
  return outcome === "failed"
    ? [
        reaped,
        {
          name: "chain.closed",
          chainId,
          chainType,
          status: "failed",
          durationMs: job.chainDurationMs!,
          jobCount: job.chainIndex + 1,
        },
      ]
    : [reaped];
}
