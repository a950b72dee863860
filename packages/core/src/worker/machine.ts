import type { AbortReason, LostReason } from "../errors/attempt-errors.ts";
import { AttemptsExhaustedError } from "../errors/attempt-errors.ts";
import { DrainTimeoutError, LifecycleError } from "../errors/machine-errors.ts";
import { StoreConflictError, StoreUnavailableError } from "../errors/store-errors.ts";
import type { EngineContext } from "../engine/context.ts";
import { settleSignals } from "../engine/settle-signals.ts";
import { encodeError } from "../model/error-codec.ts";
import { formatJobId } from "../model/ids.ts";
import type { AttemptKey, AttemptLimit, ClaimedJob, ClaimRequest, ExchangeResult, Outcome, Verdict } from "../ports/state-adapter.ts";
import type { AttemptOutcome, DomainEvent } from "../ports/telemetry.ts";
import { Alarm } from "./alarm.ts";
import { abortAttempt, createAttempt, keyOf, subjectOf, tokenOf, type Attempt, type AttemptEnd } from "./attempt.ts";
import { Holdings } from "./holdings.ts";
import { Outage } from "./outage.ts";
import { Outbox, settlementCountMax, toSettlement, type PendingOutcome } from "./outbox.ts";
import { Pace } from "./pace.ts";
import { failedEnd, refusedEnd, runAttempt } from "./run-attempt.ts";
import { WakeUps } from "./wake-ups.ts";
import type { ResolvedWorkerOptions } from "./worker-options.ts";

/** Continuations of one chain that a slot runs in a row without a claim in between; then other work gets its turn. */
const stickyCountMax = 16;
/** How long an aborted handler may take to return before its job is given back without it. */
const abortGraceMs = 1_000;
const reapCountMax = 500;
const promoteCountMax = 1_000;
/** How long to gather wake-ups about lost jobs before looking. */
const lossCheckDelayMs = 50;
/** A job whose row was locked by a user's transaction comes again after this, doubled each time. */
const deferMs = { initial: 5, max: 250 };

type Phase = "new" | "running" | "stopping" | "stopped";

/**
 * The running worker. Phases: new → running → stopping → stopped.
 *
 * All talk with the database about what the worker holds goes through one *lane*: a turn at a time, in it a beat when it is due (renew,
 * reap, promote), then an exchange when there is something to say. While a turn is under way, outcomes gather in the outbox, and the next turn
 * carries them all; a turn begins when what could finish in this turn of the event loop has finished. There is no timer for a batch to fill.
 * The lane is why `renew` may compare what the worker holds with what the database says: no claim is in flight beside it.
 *
 * A job in the worker's hands is *held* (claimed ahead, not started, no attempt counted), *running*, or *settling* (its outcome waits in
 * the outbox); see `Holdings`. New jobs are asked for while `isMoreLikely`: after a claim that came back full, a wake-up, a due time, or the poll.
 *
 * Stopping: no claims; what is held is given back; what runs is waited for, then aborted; what is left is given back with the worker's row.
 */
export class WorkerMachine<TTransaction> {
  readonly #context: EngineContext<TTransaction>;
  readonly #options: ResolvedWorkerOptions;
  readonly #holdings: Holdings;
  readonly #outbox = new Outbox();
  readonly #outage: Outage;
  readonly #pace: Pace;
  readonly #turnAlarm: Alarm;
  readonly #beatAlarm: Alarm;
  readonly #pollAlarm: Alarm;
  readonly #lossAlarm: Alarm;
  readonly #wakeUps: WakeUps;
  readonly #attemptLimits: readonly AttemptLimit[];

  #workerId: string;
  #phase: Phase = "new";
  #startedUnreported: Attempt[] = [];
  #isMoreLikely = true;
  #isPromoteDue = true;
  #isBeatDue = false;
  #isTurnRequested = false;
  #isInTurn = false;
  #claimCount = 0;
  #changeListeners = new Set<() => void>();

  constructor(context: EngineContext<TTransaction>, options: ResolvedWorkerOptions) {
    this.#context = context;
    this.#options = options;
    this.#workerId = context.nextChainId();
    this.#holdings = new Holdings(options);
    this.#pace = new Pace(options.prefetchMs);
    this.#outage = new Outage(context.clock, context.chance, context.events);
    this.#turnAlarm = new Alarm(context.clock, () => this.#requestTurn());
    this.#beatAlarm = new Alarm(context.clock, () => this.#beatNow());
    this.#pollAlarm = new Alarm(context.clock, () => this.#lookNow());
    this.#lossAlarm = new Alarm(context.clock, () => void this.#checkLoss());
    this.#wakeUps = new WakeUps(context.notify, context.events, {
      onWork: () => this.#wake(),
      onLoss: () => this.#lossAlarm.atLatest(lossCheckDelayMs),
    });
    this.#attemptLimits = [...options.handlers.values()].map(({ type, retry }) => ({
      type,
      attemptCountMax: retry.maxAttempts,
      error: encodeError(new AttemptsExhaustedError({ jobId: type, attemptCountMax: retry.maxAttempts })),
    }));
  }

  get workerId(): string {
    return this.#workerId;
  }

  // ── life ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  async start(): Promise<void> {
    if (this.#phase !== "new") throw new LifecycleError("The worker was started before. Make a new one.");
    this.#phase = "running";
    try {
      await this.#register();
    } catch (error) {
      this.#phase = "new";
      throw error;
    }
    await this.#wakeUps.listenForWork([...this.#options.handlers.keys()]);
    await this.#wakeUps.listenForLoss(this.#workerId);
    this.#scheduleBeat();
    this.#schedulePoll();
    this.#requestTurn();
  }

  async stop(timeoutMs: number): Promise<void> {
    if (this.#phase === "new") this.#phase = "stopped";
    if (this.#phase === "stopping") return this.#untilChange(() => this.#phase === "stopped");
    if (this.#phase === "stopped") return;
    this.#phase = "stopping";
    this.#context.events.emit([{ name: "worker.stopping", workerId: this.#workerId, runningCount: this.#holdings.running.size }]);
    await this.#wakeUps.stopWork();
    for (const attempt of this.#holdings.takeAllHeld()) this.#settleLater(attempt, { kind: "released" }, undefined);
    this.#requestTurn();
    await this.#untilChange(() => this.#holdings.isEmpty, timeoutMs);
    for (const attempt of this.#holdings.running.values()) this.#abort(attempt, "shutdown");
    await this.#untilChange(() => this.#holdings.isEmpty, abortGraceMs);
    await this.#leave();
  }

  async drain(timeoutMs: number | undefined): Promise<void> {
    if (this.#phase !== "running") throw new LifecycleError("Only a running worker can be drained. Start it first.");
    const deadlineMs = timeoutMs === undefined ? Number.POSITIVE_INFINITY : this.#context.clock.monotonicNow() + timeoutMs;
    for (;;) {
      await this.#untilChange(() => this.#isIdle, deadlineMs - this.#context.clock.monotonicNow());
      if (this.#isIdle && !(await this.#hasWorkElsewhere())) return;
      if (this.#context.clock.monotonicNow() >= deadlineMs) {
        throw new DrainTimeoutError({ timeoutMs: timeoutMs ?? 0, runningCount: this.#holdings.running.size });
      }
      this.#lookNow();
      await this.#pause(Math.min(25, this.#options.pollIntervalMs));
    }
  }

  get #isIdle(): boolean {
    return this.#holdings.isEmpty && !this.#isMoreLikely && !this.#isPromoteDue && !this.#isTurnRequested && !this.#isInTurn;
  }

  /** Another worker may run a job whose end makes work for this one. */
  async #hasWorkElsewhere(): Promise<boolean> {
    try {
      const stats = await this.#context.state.stats({ cap: 1 });
      return stats.some(({ type, isPaused, counts }) => this.#options.handlers.has(type) && (counts.running > 0 || (counts.ready > 0 && !isPaused)));
    } catch {
      return true;
    }
  }

  async #register(): Promise<void> {
    const { name, handlers, concurrency, leaseMs } = this.#options;
    const { host, pid } = processIdentity();
    const types = [...handlers.keys()];
    await this.#context.state.registerWorker({ workerId: this.#workerId, name, host, pid, types, concurrency, leaseMs });
    this.#context.events.emit([{ name: "worker.started", workerId: this.#workerId, workerName: name, types, concurrency }]);
  }

  async #leave(): Promise<void> {
    for (const alarm of [this.#turnAlarm, this.#beatAlarm, this.#pollAlarm, this.#lossAlarm]) alarm.cancel();
    await this.#wakeUps.close();
    await this.#untilChange(() => !this.#isInTurn, abortGraceMs);
    // Those that would not return are given back over their heads; the fence refuses them from here on.
    for (const attempt of [...this.#holdings.running.values()]) {
      attempt.lostReason = "leaseLost";
      this.#holdings.running.delete(tokenOf(attempt.job));
      this.#emitEnd(attempt, "released", undefined, {});
    }
    this.#phase = "stopped";
    try {
      await this.#context.state.removeWorker({ workerId: this.#workerId });
    } catch (error) {
      // The lease runs out and others reap.
      this.#outage.failed(this.#workerId, error);
    }
    this.#context.events.emit([{ name: "worker.stopped", workerId: this.#workerId }]);
    this.#changed();
  }

  // ── waking ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #wake(): void {
    if (this.#phase !== "running") return;
    this.#isMoreLikely = true;
    this.#isPromoteDue = true;
    this.#requestTurn();
  }

  /** Asks by a plain read whether a job was taken away, since channels may wake for much else; only then is a beat worth its write. */
  async #checkLoss(): Promise<void> {
    const attempts = [...this.#holdings.running.values()].filter(({ lostReason }) => lostReason === undefined);
    if (attempts.length === 0) return;
    try {
      const records = await this.#context.state.getJobs({ tx: undefined, keys: attempts.map(({ job }) => keyOf(job)) });
      const isLost = attempts.some(({ job, workerId }, index) => {
        const record = records[index];
        return record?.status !== "running" || record.workerId !== workerId || record.claimNo !== job.claimNo;
      });
      if (isLost) this.#beatNow();
    } catch {
      // The next beat finds out.
    }
  }

  #lookNow(): void {
    if (this.#phase !== "running") return;
    this.#isMoreLikely = true;
    this.#isPromoteDue = true;
    this.#schedulePoll();
    this.#requestTurn();
  }

  #beatNow(): void {
    this.#isBeatDue = true;
    this.#scheduleBeat();
    this.#requestTurn();
  }

  #scheduleBeat(): void {
    this.#beatAlarm.atLatest(this.#options.leaseMs / 3);
  }

  #schedulePoll(): void {
    this.#pollAlarm.atLatest(this.#options.pollIntervalMs * (0.8 + 0.4 * this.#context.chance.fraction()));
  }

  // ── the lane ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #requestTurn(): void {
    if (this.#isTurnRequested || this.#phase === "stopped" || this.#phase === "new") return;
    this.#isTurnRequested = true;
    if (!this.#isInTurn) this.#context.clock.defer(() => void this.#takeTurn());
  }

  async #takeTurn(): Promise<void> {
    if (this.#isInTurn || this.#phase === "stopped") return;
    this.#isInTurn = true;
    this.#isTurnRequested = false;
    try {
      if (this.#isBeatDue) await this.#beat();
      await this.#exchange();
      if (this.#isPromoteDue && !this.#isMoreLikely && this.#phase === "running") await this.#promote();
      this.#outage.succeeded(this.#workerId);
    } catch (error) {
      this.#turnFailed(error);
    }
    this.#isInTurn = false;
    if (this.#isTurnRequested) {
      this.#isTurnRequested = false;
      this.#requestTurn();
    }
    this.#changed();
  }

  /** A call whose reply was lost may have given this worker jobs: a beat compares. */
  #turnFailed(error: unknown): void {
    this.#isBeatDue = true;
    this.#isTurnRequested = false;
    this.#turnAlarm.atLatest(this.#outage.failed(this.#workerId, error));
  }

  async #exchange(): Promise<void> {
    const { clock } = this.#context;
    const pending = this.#outbox.takeDue(clock.monotonicNow(), settlementCountMax);
    const started = this.#takeStarted();
    const claim = this.#claimRequest();
    if (pending.length > 0 || started.length > 0 || claim !== undefined) {
      const workerId = this.#workerId;
      let result: ExchangeResult;
      try {
        result = await this.#context.state.exchange({ workerId, settlements: pending.map(toSettlement), started: started.map(({ job }) => keyOf(job)), claim });
      } catch (error) {
        this.#startedUnreported.unshift(...started);
        if (await this.#settleOneByOne(pending, error)) return;
        throw error;
      }
      this.#takeVerdicts(pending, result.verdicts);
      this.#takeClaimed(claim, result.claimed);
      this.#pace.endCycle(clock.monotonicNow(), !this.#holdings.isEmpty);
      if (!result.isLive && this.#phase === "running") await this.#loseLease();
    }
    const dueMs = this.#outbox.nextDueMs();
    if (dueMs !== undefined) this.#turnAlarm.atLatest(dueMs - clock.monotonicNow());
  }

  /** Held jobs that have begun and not ended yet: their attempt is to be counted. */
  #takeStarted(): Attempt[] {
    const started = this.#startedUnreported.filter(({ job, lostReason }) => lostReason === undefined && this.#holdings.running.has(tokenOf(job)));
    this.#startedUnreported = [];
    return started;
  }

  #claimRequest(): ClaimRequest | undefined {
    if (this.#phase !== "running" || !this.#isMoreLikely) return undefined;
    const target = this.#pace.aheadCount;
    // Refilled when half is used, so that a claim brings several.
    const ahead = this.#holdings.heldCount * 2 > target ? 0 : target - this.#holdings.heldCount;
    return this.#holdings.claimRequest(ahead, this.#claimCount++);
  }

  #takeClaimed(claim: ClaimRequest | undefined, claimed: readonly ClaimedJob[]): void {
    if (claim === undefined) return;
    const countByType = new Map<string, number>();
    for (const job of claimed) {
      countByType.set(job.type, (countByType.get(job.type) ?? 0) + 1);
      this.#announce(job);
      const attempt = createAttempt(job, this.#options.handlers.get(job.type)!, this.#workerId, 0);
      if (job.isStarted && this.#holdings.freeSlotCount > 0) this.#begin(attempt);
      else this.#holdings.hold(attempt);
    }
    const isFull = claimed.length >= claim.slots + claim.ahead;
    this.#isMoreLikely = isFull || claim.types.some(({ type, limit }) => limit < claim.slots + claim.ahead && countByType.get(type) === limit);
    this.#fillSlots();
    if (this.#isMoreLikely && this.#holdings.freeSlotCount > 0) this.#requestTurn();
  }

  /** The first claim of a chain proves that the transaction which started it has committed (P6). */
  #announce(job: ClaimedJob): void {
    if (!job.isUnannounced) return;
    this.#context.events.emit([{ name: "chain.started", chainId: job.chainId, chainType: job.chainType, jobStatus: "ready", isDeferred: true }]);
  }

  // ── running ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #fillSlots(): void {
    for (let attempt = this.#holdings.takeHeld(); attempt !== undefined; attempt = this.#holdings.takeHeld()) {
      if (!attempt.job.isStarted) this.#startedUnreported.push(attempt);
      this.#begin(attempt);
    }
    if (this.#startedUnreported.length > 0) this.#requestTurn();
  }

  #begin(attempt: Attempt): void {
    this.#holdings.running.set(tokenOf(attempt.job), attempt);
    attempt.startedAtMs = this.#context.clock.monotonicNow();
    if (this.#context.events.hasSubscribers) {
      this.#context.events.emit([{ name: "attempt.started", ...subjectOf(attempt), waitMs: attempt.job.waitMs }]);
    }
    void runAttempt(this.#context, attempt, { maySettleSticky: (nextType) => this.#maySettleSticky(attempt, nextType) }).then((end) =>
      this.#ended(attempt, end),
    );
  }

  #maySettleSticky(attempt: Attempt, nextType: string): boolean {
    return this.#phase === "running" && attempt.stickyCount < stickyCountMax && this.#holdings.roomFor(nextType) > (nextType === attempt.job.type ? -1 : 0);
  }

  #ended(attempt: Attempt, end: AttemptEnd): void {
    const token = tokenOf(attempt.job);
    this.#pace.jobFinished();
    if (!this.#holdings.running.delete(token)) return;
    if (attempt.lostReason !== undefined || end.kind === "lost") {
      const reason = attempt.lostReason ?? (end as { reason: LostReason }).reason;
      this.#emitLost(attempt, reason);
    } else if (end.kind === "committed") {
      this.#emitEnd(attempt, end.outcome.kind, undefined, {});
      if (end.next !== undefined) this.#beginNext(attempt, end.next);
    } else {
      this.#settleLater(attempt, end.outcome, end.error);
    }
    if (attempt.handler.concurrency < this.#options.concurrency) this.#isMoreLikely = true;
    this.#fillSlots();
    if (this.#isMoreLikely || this.#outbox.size > 0) this.#requestTurn();
    this.#changed();
  }

  #settleLater(attempt: Attempt, outcome: Outcome, error: unknown): void {
    const token = tokenOf(attempt.job);
    this.#holdings.settling.set(token, attempt);
    if (outcome.kind === "continued" && outcome.isSticky) this.#holdings.reserve(token, outcome.next.type);
    this.#outbox.add({ attempt, outcome, error, endedAtMs: this.#context.clock.monotonicNow(), notBeforeMs: 0, deferCount: 0 });
    this.#requestTurn();
  }

  #beginNext(previous: Attempt, next: ClaimedJob): void {
    this.#begin(createAttempt(next, this.#options.handlers.get(next.type)!, this.#workerId, previous.stickyCount + 1));
  }

  // ── settling ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #takeVerdicts(pending: readonly PendingOutcome[], verdicts: readonly Verdict[]): void {
    pending.forEach((entry, index) => this.#takeVerdict(entry, verdicts[index]!));
    this.#fillSlots();
  }

  #takeVerdict(entry: PendingOutcome, verdict: Verdict): void {
    const { attempt, outcome } = entry;
    const token = tokenOf(attempt.job);
    this.#holdings.unreserve(token);
    if (verdict.kind === "deferred") {
      if (outcome.kind === "continued" && outcome.isSticky) this.#holdings.reserve(token, outcome.next.type);
      entry.notBeforeMs = this.#context.clock.monotonicNow() + Math.min(deferMs.max, deferMs.initial * 2 ** entry.deferCount);
      entry.deferCount++;
      this.#outbox.putBack([entry]);
      return;
    }
    this.#holdings.settling.delete(token);
    switch (verdict.kind) {
      case "settled": {
        const nextType = outcome.kind === "continued" ? outcome.next.type : undefined;
        const { events, topics } = settleSignals({ ...attempt.job, nextType }, verdict.effects);
        this.#emitEnd(attempt, outcome.kind, entry, { events });
        void this.#context.signals.send({ events: [], topics });
        if (this.#options.handlers.has(verdict.effects.waiting?.type ?? "") || verdict.effects.unblocked.length > 0) {
          this.#isMoreLikely = true;
          this.#requestTurn();
        }
        if (verdict.next !== undefined) this.#beginNext(attempt, verdict.next);
        return;
      }
      case "already":
        this.#emitEnd(attempt, outcome.kind, entry, {});
        if (verdict.next !== undefined) this.#beginNext(attempt, verdict.next);
        return;
      case "lost":
        return this.#emitLost(attempt, verdict.reason);
      case "refused": {
        const end = refusedEnd(this.#context, attempt, verdict);
        if (end.kind === "outcome") this.#settleLater(attempt, end.outcome, end.error);
        return;
      }
    }
  }

  /**
   * An exchange that the database refuses for what is in it (and not because it is away) would be refused for ever: each outcome is then tried alone,
   * and one that is refused alone fails its job. Answers whether that was done.
   */
  async #settleOneByOne(pending: readonly PendingOutcome[], error: unknown): Promise<boolean> {
    const isAway = error instanceof StoreUnavailableError || error instanceof StoreConflictError;
    if (isAway || pending.length === 0) {
      this.#outbox.putBack(pending);
      return false;
    }
    for (const entry of pending) {
      try {
        const { verdicts } = await this.#context.state.exchange({ workerId: this.#workerId, settlements: [toSettlement(entry)], started: [], claim: undefined });
        this.#takeVerdict(entry, verdicts[0]!);
      } catch (entryError) {
        this.#replaceOutcome(entry, entryError);
      }
    }
    return true;
  }

  /** First by a failure; a failure that is refused as well leaves the job to renew, which gives it back. */
  #replaceOutcome(entry: PendingOutcome, error: unknown): void {
    const { attempt, outcome } = entry;
    const token = tokenOf(attempt.job);
    this.#holdings.unreserve(token);
    this.#holdings.settling.delete(token);
    if (outcome.kind === "failed" || outcome.kind === "retried") {
      this.#emitLost(attempt, "leaseLost");
      return;
    }
    const end = failedEnd(this.#context, attempt, error);
    if (end.kind === "outcome") this.#settleLater(attempt, end.outcome, end.error);
  }

  // ── the beat ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #beat(): Promise<void> {
    const { running } = this.#holdings;
    const started = this.#takeStarted();
    const progress = [...running.values()].flatMap((attempt) => (attempt.progress === undefined ? [] : [{ ...keyOf(attempt.job), value: attempt.progress }]));
    const result = await this.#context.state
      .renew({
        workerId: this.#workerId,
        leaseMs: this.#options.leaseMs,
        held: this.#holdings.keys(),
        started: started.map(({ job }) => keyOf(job)),
        progress,
      })
      .catch((error: unknown) => {
        this.#startedUnreported.unshift(...started);
        throw error;
      });
    this.#isBeatDue = false;
    if (!result.isLive) return this.#loseLease();
    for (const { value, ...key } of progress) {
      const attempt = running.get(tokenOf(key));
      if (attempt?.progress === value) attempt.progress = undefined;
    }
    for (const lost of result.lost) this.#lose(lost, lost.reason);
    if (result.releasedCount > 0) this.#isMoreLikely = true;
    if (this.#phase === "running") await this.#maintain();
  }

  async #maintain(): Promise<void> {
    for (;;) {
      const { reaped, isMore } = await this.#context.state.reap({ limit: reapCountMax, attemptLimits: this.#attemptLimits });
      const events: DomainEvent[] = [];
      for (const job of reaped) {
        const { chainId, chainType, type, attempt, workerId, outcome } = job;
        events.push({ name: "attempt.reaped", chainId, chainType, jobId: formatJobId(job), type, attempt, workerId, outcome });
        if (outcome === "failed") events.push({ name: "chain.closed", chainId, chainType, status: "failed" });
      }
      await this.#context.signals.send({
        events,
        topics: reaped.map(({ outcome, type, chainId }) => (outcome === "released" ? { kind: "type", type } : { kind: "chain", chainId })),
      });
      if (reaped.some(({ type }) => this.#options.handlers.has(type))) this.#isMoreLikely = true;
      if (!isMore) break;
    }
    this.#isPromoteDue = true;
  }

  async #promote(): Promise<void> {
    const { promoted, nextDueInMs } = await this.#context.state.promote({ limit: promoteCountMax });
    this.#isPromoteDue = nextDueInMs === 0;
    if (promoted.length > 0) {
      void this.#context.signals.send({ events: [], topics: promoted.map(({ type }) => ({ kind: "type", type })) });
      if (promoted.some(({ type }) => this.#options.handlers.has(type))) this.#isMoreLikely = true;
    }
    if (nextDueInMs !== undefined) this.#pollAlarm.atLatest(nextDueInMs);
    if (this.#isMoreLikely || this.#isPromoteDue) this.#requestTurn();
  }

  #lose(key: AttemptKey, reason: LostReason): void {
    const token = tokenOf(key);
    this.#holdings.dropHeld(token);
    const attempt = this.#holdings.running.get(token);
    if (attempt === undefined) return;
    attempt.lostReason = reason;
    this.#abort(attempt, reason);
  }

  /** The lease is gone: others may hold the jobs. What has an outcome is still offered (the fence decides); what runs is aborted; then a new worker begins. */
  async #loseLease(): Promise<void> {
    const heldCount = this.#holdings.keys().length;
    this.#context.events.emit([{ name: "worker.leaseLost", workerId: this.#workerId, heldCount }]);
    this.#holdings.takeAllHeld();
    for (const attempt of this.#holdings.running.values()) {
      attempt.lostReason = "leaseLost";
      this.#abort(attempt, "leaseLost");
    }
    const pending = this.#outbox.takeDue(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    if (pending.length > 0) {
      const { verdicts } = await this.#context.state
        .exchange({ workerId: this.#workerId, settlements: pending.map(toSettlement), started: [], claim: undefined })
        .catch((error: unknown) => {
          this.#outbox.putBack(pending);
          throw error;
        });
      this.#takeVerdicts(
        pending,
        verdicts.map((verdict) => (verdict.kind === "deferred" ? { kind: "lost", reason: "leaseLost" } : verdict)),
      );
    }
    if (this.#phase !== "running") return;
    const oldWorkerId = this.#workerId;
    this.#workerId = this.#context.nextChainId();
    try {
      await this.#register();
    } catch (error) {
      this.#workerId = oldWorkerId;
      throw error;
    }
    this.#isMoreLikely = true;
    this.#isPromoteDue = true;
    await this.#wakeUps.listenForLoss(this.#workerId);
    this.#requestTurn();
  }

  #abort(attempt: Attempt, reason: AbortReason): void {
    if (abortAttempt(attempt, reason)) this.#context.events.emit([{ name: "attempt.aborted", ...subjectOf(attempt), reason }]);
  }

  // ── news ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #emitLost(attempt: Attempt, reason: LostReason): void {
    this.#emitEnd(attempt, reason === "cancelled" ? "cancelled" : "lost", undefined, { reason });
  }

  #emitEnd(attempt: Attempt, outcome: AttemptOutcome, pending: PendingOutcome | undefined, more: { events?: readonly DomainEvent[]; reason?: AbortReason }): void {
    if (!this.#context.events.hasSubscribers) return;
    const durationMs = (pending?.endedAtMs ?? this.#context.clock.monotonicNow()) - attempt.startedAtMs;
    const ended: DomainEvent = {
      name: "attempt.ended",
      ...subjectOf(attempt),
      outcome,
      durationMs: attempt.startedAtMs === 0 ? 0 : durationMs,
      ...(pending?.error === undefined ? {} : { error: pending.error }),
      ...(pending?.outcome.kind === "retried" ? { retryInMs: pending.outcome.delayMs } : {}),
      ...(more.reason === undefined ? {} : { reason: more.reason }),
    };
    this.#context.events.emit([ended, ...(more.events ?? [])]);
  }

  #changed(): void {
    for (const listener of this.#changeListeners) listener();
  }

  /** Resolves when `isTrue`, or after `timeoutMs`. */
  async #untilChange(isTrue: () => boolean, timeoutMs: number = Number.POSITIVE_INFINITY): Promise<void> {
    if (isTrue() || timeoutMs <= 0) return;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        timer?.cancel();
        this.#changeListeners.delete(listener);
        resolve();
      };
      const timer = timeoutMs === Number.POSITIVE_INFINITY ? undefined : this.#context.clock.schedule(timeoutMs, finish);
      const listener = (): void => {
        if (isTrue()) finish();
      };
      this.#changeListeners.add(listener);
    });
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#context.clock.schedule(delayMs, resolve));
  }
}

/** Where this process runs, as far as the platform tells. */
function processIdentity(): { host: string; pid: number } {
  const platform = globalThis as { process?: { pid?: number; env?: Record<string, string | undefined> } };
  return { host: platform.process?.env?.["HOSTNAME"] ?? "", pid: platform.process?.pid ?? 0 };
}
