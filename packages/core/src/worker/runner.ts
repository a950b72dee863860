import type { LostReason } from "../errors/attempt-errors.ts";
import type { AttemptKey, ClaimedJob, Outcome } from "../ports/state-adapter.ts";
import {
  createAttempt,
  tokenOf,
  tracedAttempt,
  type Attempt,
  type AttemptEnd,
  type AttemptRules,
} from "./attempt.ts";
import { abortAndTell, emitEnded, emitLost, emitStarted } from "./news.ts";
import { runAttempt } from "./run-attempt.ts";
import { traceSettling } from "./trace-settling.ts";
import type { WorkerState } from "./worker-state.ts";

/** Continuations of one chain that a slot runs in a row without a claim in between; then other work gets its turn. */
const stickyCountMax = 16;

/** Runs attempts in the slots, and hands their outcomes to the outbox. */
export class Runner<TTransaction> {
  readonly #state: WorkerState<TTransaction>;

  constructor(state: WorkerState<TTransaction>) {
    this.#state = state;
  }

  /** Takes a claimed job: runs it in a free slot, or holds it. */
  take(job: ClaimedJob): void {
    const { holdings } = this.#state;
    this.#letGoOfFormer(job);
    const attempt = this.#createAttempt(job);
    if (!this.#mayBegin) this.settleLater(attempt, { kind: "released" });
    else if (job.isStarted && holdings.freeSlotCount > 0) this.#begin(attempt);
    else holdings.hold(attempt);
  }

  /** Runs the next job of a chain in the slot that was kept for it. */
  takeNext(previous: Attempt, next: ClaimedJob): void {
    // Answered again to a repeated settlement, after it was claimed in the ordinary way meanwhile: the row is as old as the known one, and not another's.
    const known = this.#state.holdings.find(tokenOf(next));
    if (known?.job.createdAt.getTime() === next.createdAt.getTime()) return;
    this.#letGoOfFormer(next);
    const attempt = this.#createAttempt(next, previous);
    // Given to a registration that is over, the job is not this worker's to run.
    const isOurs = previous.workerId === this.#state.workerId;
    if (this.#mayBegin && isOurs) this.#begin(attempt);
    else this.settleLater(attempt, { kind: "released" });
  }

  /** Begins held jobs while slots are free, unless an exchange is due. */
  fillSlots(): void {
    const { holdings } = this.#state;
    if (!this.#mayBegin) return;
    while (!this.#isExchangeDue) {
      const attempt = holdings.takeHeld();
      if (attempt === undefined) break;
      this.#begin(attempt);
      if (!attempt.job.isStarted) this.#state.noteStarted(attempt);
    }
  }

  /** Hands an outcome to the next exchange. */
  settleLater(attempt: Attempt, outcome: Outcome, error?: unknown): void {
    const { holdings, outbox, context } = this.#state;
    const token = tokenOf(attempt.job);
    holdings.settling.set(token, attempt);
    outbox.add({
      attempt,
      ...traceSettling(attempt, outcome, context.clock),
      error,
      endedAtMs: context.clock.monotonicNow(),
      notBeforeMs: 0,
      deferCount: 0,
    });
    this.#state.requestTurn();
  }

  /** Notes that a job was taken away: a held one is dropped, a running one aborted; it runs on to its end, and nothing of it is settled. */
  lose(key: AttemptKey, reason: LostReason): void {
    const { holdings, context } = this.#state;
    holdings.dropHeld(tokenOf(key));
    const attempt = holdings.running.get(tokenOf(key));
    if (attempt === undefined) return;
    attempt.lostReason ??= reason;
    abortAndTell(context, attempt, reason);
  }

  /** Lets go of attempts that would not return; those that are still the worker's are handed to the outbox to be given back. The fence refuses all of them from then on. */
  abandonRunning(): void {
    const { holdings, context } = this.#state;
    const abandoned = [...holdings.running.values()];
    holdings.running.clear();
    for (const attempt of abandoned) {
      if (attempt.lostReason !== undefined) {
        emitLost(context, attempt, attempt.lostReason);
        continue;
      }
      attempt.lostReason = "leaseLost";
      // A commit that is under way may yet come first.
      attempt.isInDoubt = true;
      this.settleLater(attempt, { kind: "released" });
    }
  }

  /** What arrives while the worker stops, from a call that was under way, is given back as it came (trap G). */
  get #mayBegin(): boolean {
    return this.#state.phase === "running";
  }

  /** An exchange's worth of outcomes has gathered and is about to be sent: what is held runs beside it, and not before it. */
  get #isExchangeDue(): boolean {
    const { outbox, isTurnRequested, isExchanging, context } = this.#state;
    return isTurnRequested && !isExchanging && outbox.size >= context.exchangeSizeMax;
  }

  #createAttempt(job: ClaimedJob, previous?: Attempt): Attempt {
    const handler = this.#state.options.handlers.get(job.type)!;
    const workerId = previous?.workerId ?? this.#state.workerId;
    return createAttempt(
      job,
      handler,
      workerId,
      previous === undefined ? 0 : previous.stickyCount + 1,
    );
  }

  /**
   * Lets go of what has the key of a job that comes: its chain was deleted and begun anew with its id, and the fence cannot tell an outcome
   * of the one from that of the other.
   */
  #letGoOfFormer(job: ClaimedJob): void {
    const { holdings, outbox, context } = this.#state;
    const former = holdings.letGo(tokenOf(job));
    if (former === undefined) return;
    outbox.drop(former);
    former.lostReason = "deleted";
    if (former.startedAtMs === undefined) return;
    abortAndTell(context, former, "deleted");
    emitLost(context, former, "deleted");
  }

  #begin(attempt: Attempt): void {
    const { holdings, context } = this.#state;
    holdings.running.set(tokenOf(attempt.job), attempt);
    attempt.startedAtMs = context.clock.monotonicNow();
    attempt.trace = context.telemetry?.beginAttempt(
      tracedAttempt(attempt, this.#state.options.name),
    );
    emitStarted(context, attempt);
    const rules: AttemptRules = {
      maySettleSticky: (nextType) => this.#maySettleSticky(attempt, nextType),
      abort: (reason) => abortAndTell(context, attempt, reason),
    };
    void runAttempt(context, attempt, rules).then((end) => this.#ended(attempt, end));
  }

  #maySettleSticky(attempt: Attempt, nextType: string): boolean {
    const { phase, holdings, isRenewing } = this.#state;
    if (phase !== "running" || attempt.stickyCount >= stickyCountMax) return false;
    // A renewal that is under way would find a job that it was not told of, and give it back.
    if (isRenewing) return false;
    holdings.unreserve(tokenOf(attempt.job));
    // The ending attempt still counts against its own type's limit.
    const room = holdings.roomFor(nextType) + (nextType === attempt.job.type ? 1 : 0);
    // Taken at once, for others ask in the same turn.
    if (room <= 0) return false;
    holdings.reserve(tokenOf(attempt.job), nextType);
    const { chainId, chainIndex } = attempt.job;
    attempt.expectedNext = { chainId, chainIndex: chainIndex + 1, claimNo: 1 };
    return true;
  }

  #ended(attempt: Attempt, end: AttemptEnd): void {
    const { holdings, context, pace, options, outbox } = this.#state;
    pace.jobFinished();
    // An abandoned attempt has been told of already.
    if (!holdings.endRunning(attempt)) return;
    if (!keepsReservation(attempt, end)) holdings.unreserve(tokenOf(attempt.job));
    if (attempt.lostReason !== undefined && end.kind !== "committed")
      emitLost(context, attempt, attempt.lostReason);
    else if (end.kind === "lost") emitLost(context, attempt, end.reason);
    else if (end.kind === "committed") this.#committed(attempt, end);
    else this.settleLater(attempt, end.outcome, end.error);
    // Room for a type at its limit was not asked for while there was none.
    if (attempt.handler.concurrency < options.concurrency) this.#state.isMoreLikely = true;
    this.fillSlots();
    if (this.#state.isMoreLikely || outbox.size > 0) this.#state.requestTurn();
    this.#state.changed();
  }

  #committed(attempt: Attempt, end: Extract<AttemptEnd, { kind: "committed" }>): void {
    emitEnded(this.#state.context, attempt, end.outcome.kind);
    if (end.next !== undefined) this.takeNext(attempt, end.next);
  }
}

/** Only an outcome that still waits for its verdict keeps the slot for the next job. */
function keepsReservation({ lostReason }: Attempt, end: AttemptEnd): boolean {
  if (lostReason !== undefined || end.kind !== "outcome") return false;
  return end.outcome.kind === "continued" && end.outcome.isSticky;
}
