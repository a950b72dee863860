import { DrainTimeoutError, LifecycleError } from "../errors/machine-errors.ts";
import type { EngineContext } from "../engine/context.ts";
import type { ExchangeParams, ExchangeResult } from "../ports/state-adapter.ts";
import type { WakeUpSource } from "../ports/tracing.ts";
import { Alarm } from "./alarm.ts";
import { keyOf } from "./attempt.ts";
import { Changes } from "./changes.ts";
import { Claimer } from "./claimer.ts";
import { Heartbeat } from "./heartbeat.ts";
import { abortAndTell } from "./news.ts";
import { Outage } from "./outage.ts";
import { toSettlement } from "./outbox.ts";
import { processIdentity } from "./process-identity.ts";
import { Retirer } from "./retirer.ts";
import { Runner } from "./runner.ts";
import { Settler } from "./settler.ts";
import { WakeUps } from "./wake-ups.ts";
import type { ResolvedWorkerOptions } from "./worker-options.ts";
import { WorkerState } from "./worker-state.ts";

/** How long an aborted handler may take to return before its job is given back without it. */
const abortGraceMs = 1_000;
/** How long to gather wake-ups about lost jobs before looking. */
const lossCheckDelayMs = 50;
/** How often to look again while a drain waits for work of other workers. */
const drainPauseMs = 25;

/**
 * The running worker. Phases: new → running → stopping → stopped.
 *
 * All talk with the database about what the worker holds goes through one *lane*: a turn at a time; in it a beat when one is due (renew, reap), then
 * an exchange when there is something to say, then a promote when jobs may be due. While a turn is under way outcomes gather in the outbox, and the next
 * turn carries them all; a turn begins when whatever could finish in this turn of the event loop has finished, or when an exchange's worth has gathered:
 * then held jobs wait until it is sent, and run while the database is at it. No timer waits for a batch to fill.
 * The lane is also why `renew` may compare what the worker holds with what the database says: no claim is in flight beside it. A `commit` may be: it
 * takes no next job while a renewal is under way, and one that it has asked for before is named to the renewal.
 *
 * A job in the worker's hands is *held* (claimed ahead, not started, no attempt counted), *running*, or *settling* (its outcome waits for a
 * verdict); see `Holdings`. New jobs are asked for while `isMoreLikely`: after a claim that came back full, a wake-up, a due time, or the poll.
 *
 * Stopping: no claims; what is held is given back; what runs is waited for, then aborted; what is left is given back with the worker's row.
 */
export class WorkerMachine<TTransaction> {
  readonly #state: WorkerState<TTransaction>;
  readonly #runner: Runner<TTransaction>;
  readonly #settler: Settler<TTransaction>;
  readonly #claimer: Claimer<TTransaction>;
  readonly #heartbeat: Heartbeat<TTransaction>;
  readonly #retirer: Retirer<TTransaction>;
  readonly #outage: Outage;
  readonly #wakeUps: WakeUps;
  readonly #changes: Changes;
  readonly #turnAlarm: Alarm;
  readonly #beatAlarm: Alarm;
  readonly #pollAlarm: Alarm;
  readonly #lossAlarm: Alarm;
  #isInTurn = false;

  constructor(context: EngineContext<TTransaction>, options: ResolvedWorkerOptions) {
    const { clock, chance, events } = context;
    this.#state = new WorkerState(context, options);
    this.#runner = new Runner(this.#state);
    this.#settler = new Settler(this.#state, this.#runner);
    this.#claimer = new Claimer(this.#state, this.#runner);
    this.#heartbeat = new Heartbeat(this.#state, this.#runner);
    this.#outage = new Outage(clock, chance, events);
    this.#retirer = new Retirer(this.#state, this.#outage);
    this.#changes = new Changes(clock);
    this.#turnAlarm = new Alarm(clock, () => this.#requestTurn());
    this.#beatAlarm = new Alarm(clock, () => this.#beatNow());
    this.#pollAlarm = new Alarm(clock, () => this.#lookNow());
    this.#lossAlarm = new Alarm(clock, () => void this.#checkLoss());
    this.#wakeUps = new WakeUps(context.channel, {
      onWork: () => {
        if (context.channel.isAway) this.#schedulePoll();
        this.#wake("notify");
      },
      onLoss: () => this.#lossAlarm.atLatest(lossCheckDelayMs),
    });
    this.#state.requestTurn = () => this.#requestTurn();
    this.#state.requestTurnWithin = (delayMs) => this.#turnAlarm.atLatest(delayMs);
    this.#state.changed = () => this.#changes.tell();
    this.#state.lookWithin = (delayMs) => this.#pollAlarm.atLatest(delayMs);
  }

  get workerId(): string {
    return this.#state.workerId;
  }

  async start(): Promise<void> {
    if (this.#state.phase !== "new")
      throw new LifecycleError("The worker was started or stopped before. Make a new one.");
    this.#state.phase = "running";
    try {
      await this.#register(this.#state.workerId);
    } catch (error) {
      this.#state.phase = "new";
      throw error;
    }
    this.#beginTrace();
    this.#wakeUps.listenForWork([...this.#state.options.handlers.keys()]);
    this.#wakeUps.listenForLoss(this.#state.workerId);
    this.#scheduleBeat();
    this.#schedulePoll();
    this.#retirer.start();
    this.#requestTurn();
  }

  async stop(timeoutMs: number): Promise<void> {
    const { phase, holdings, context } = this.#state;
    if (phase === "new") this.#state.phase = "stopped";
    if (phase === "stopping") return this.#changes.until(() => this.#state.phase === "stopped");
    if (phase !== "running") return;
    this.#state.phase = "stopping";
    context.events.emit([
      {
        name: "worker.stopping",
        workerId: this.#state.workerId,
        runningCount: holdings.running.size,
      },
    ]);
    this.#wakeUps.stopWork();
    this.#retirer.stop();
    for (const attempt of holdings.takeAllHeld())
      this.#runner.settleLater(attempt, { kind: "released" });
    this.#requestTurn();
    await this.#changes.until(() => this.#isEmptyHanded, timeoutMs);
    for (const attempt of holdings.running.values()) abortAndTell(context, attempt, "shutdown");
    await this.#changes.until(() => this.#isEmptyHanded, abortGraceMs);
    await this.#leave();
  }

  /** Nothing is held, and no call is under way that could bring something. */
  get #isEmptyHanded(): boolean {
    return this.#state.holdings.isEmpty && !this.#isInTurn;
  }

  async drain(timeoutMs: number | undefined): Promise<void> {
    if (this.#state.phase !== "running")
      throw new LifecycleError("Only a running worker can be drained. Start it first.");
    const { clock } = this.#state.context;
    const deadlineMs =
      timeoutMs === undefined ? Number.POSITIVE_INFINITY : clock.monotonicNow() + timeoutMs;
    for (;;) {
      await this.#changes.until(() => this.#isIdle, deadlineMs - clock.monotonicNow());
      if (this.#isIdle && !(await this.#hasWork())) return;
      if (clock.monotonicNow() >= deadlineMs)
        throw new DrainTimeoutError({
          timeoutMs: timeoutMs ?? 0,
          runningCount: this.#state.holdings.running.size,
        });
      if (this.#state.phase !== "running")
        throw new LifecycleError("The worker was stopped while it was drained, with work left.");
      this.#lookNow();
      await new Promise<void>((resolve) => void clock.schedule(drainPauseMs, resolve));
    }
  }

  get #isIdle(): boolean {
    const { holdings, isMoreLikely, isPromoteDue, isLookDue, isLookHinted, phase } = this.#state;
    if (phase !== "running") return true;
    return (
      holdings.isEmpty &&
      !isMoreLikely &&
      !isPromoteDue &&
      !isLookDue &&
      !isLookHinted &&
      !this.#state.isTurnRequested &&
      !this.#isInTurn
    );
  }

  /** What the database says, for another worker may run a job whose end makes work for this one. */
  async #hasWork(): Promise<boolean> {
    const { context, options } = this.#state;
    try {
      const stats = await context.state.stats({ cap: 1 });
      return stats.some(
        ({ type, isPaused, counts }) =>
          options.handlers.has(type) && (counts.running > 0 || (counts.ready > 0 && !isPaused)),
      );
    } catch {
      return true;
    }
  }

  async #register(workerId: string): Promise<void> {
    const { context, options } = this.#state;
    const { name, concurrency, leaseMs } = options;
    const types = [...options.handlers.keys()];
    await context.state.registerWorker({
      workerId,
      name,
      ...processIdentity(),
      types,
      concurrency,
      leaseMs,
    });
    context.events.emit([
      { name: "worker.started", workerId, workerName: name, types, concurrency },
    ]);
  }

  #beginTrace(): void {
    const { context, options, holdings } = this.#state;
    this.#state.trace = context.telemetry?.beginWorker({
      name: options.name,
      slotCount: options.concurrency,
      busySlotCount: () => holdings.running.size,
    });
  }

  async #leave(): Promise<void> {
    const { context } = this.#state;
    await this.#changes.until(() => !this.#isInTurn && !this.#retirer.isAtWork, abortGraceMs);
    for (const alarm of [this.#turnAlarm, this.#beatAlarm, this.#pollAlarm, this.#lossAlarm])
      alarm.end();
    this.#wakeUps.close();
    this.#state.phase = "stopped";
    this.#runner.abandonRunning();
    const { workerId } = this.#state;
    try {
      // By name, so that each is told of as it really ended; what is left goes with the row.
      await this.#settler.settleFormer(this.#state.outbox.takeAll());
      await context.state.removeWorker({ workerId });
    } catch (error) {
      // The lease runs out, and others reap what it held.
      this.#outage.failed(workerId, error);
    }
    context.events.emit([{ name: "worker.stopped", workerId }]);
    this.#state.trace?.ended();
    this.#changes.tell();
  }

  #wake(wokenBy: WakeUpSource): void {
    if (this.#state.phase !== "running") return;
    this.#state.isLookHinted = true;
    this.#state.wantMore(wokenBy);
  }

  /** A due time has come, or the poll: looks for due jobs whatever else there is to do, so that a backlog holds up nothing that is due (trap B8). */
  #lookNow(): void {
    this.#schedulePoll();
    this.#state.isLookDue = true;
    this.#wake("poll");
  }

  #beatNow(): void {
    this.#scheduleBeat();
    this.#state.isBeatDue = true;
    this.#requestTurn();
  }

  #scheduleBeat(): void {
    this.#beatAlarm.atLatest(this.#state.options.leaseMs / 3);
  }

  #schedulePoll(): void {
    const { options, context } = this.#state;
    const intervalMs = context.channel.pollIntervalMs(options.pollIntervalMs);
    this.#pollAlarm.atLatest(intervalMs * (0.8 + 0.4 * context.chance.fraction()));
  }

  /** Asks by a plain read whether a job was taken away, since a channel may wake for much else; only then is a beat worth its write. */
  async #checkLoss(): Promise<void> {
    const { holdings, context } = this.#state;
    const attempts = [...holdings.running.values()].filter(
      ({ lostReason }) => lostReason === undefined,
    );
    if (attempts.length === 0) return;
    try {
      const records = await context.state.getJobs({
        tx: undefined,
        keys: attempts.map(({ job }) => keyOf(job)),
      });
      const isLost = attempts.some(({ job, workerId }, index) => {
        const record = records[index];
        return (
          record?.status !== "running" ||
          record.workerId !== workerId ||
          record.claimNo !== job.claimNo
        );
      });
      if (isLost) this.#beatNow();
    } catch {
      // The next beat finds out.
    }
  }

  #requestTurn(): void {
    const { phase, context } = this.#state;
    if (this.#state.isTurnRequested || phase === "stopped" || phase === "new") return;
    this.#state.isTurnRequested = true;
    if (!this.#isInTurn) context.clock.defer(() => this.#beginTurn());
  }

  /** Whoever asked for the turn may have been in the middle of a trace of the user's, which is none of the worker's. */
  #beginTurn(): void {
    const { trace } = this.#state;
    if (trace === undefined) void this.#takeTurn();
    else trace.detached(() => void this.#takeTurn());
  }

  async #takeTurn(): Promise<void> {
    if (this.#isInTurn || this.#state.phase === "stopped") return;
    this.#isInTurn = true;
    this.#state.isTurnRequested = false;
    try {
      await this.#talk();
      this.#outage.succeeded(this.#state.workerId);
    } catch (error) {
      // A call whose reply was lost may have given this worker jobs: a beat compares.
      this.#state.isBeatDue = true;
      this.#state.isTurnRequested = false;
      this.#turnAlarm.atLatest(this.#outage.failed(this.#state.workerId, error));
    }
    this.#isInTurn = false;
    this.#runner.fillSlots();
    if (this.#state.isTurnRequested) {
      this.#state.isTurnRequested = false;
      this.#requestTurn();
    }
    this.#changes.tell();
  }

  async #talk(): Promise<void> {
    const isLive =
      (!this.#state.isBeatDue || (await this.#heartbeat.beat())) && (await this.#exchange());
    if (!isLive) await this.#leaseLost();
    if (this.#state.isPromoteWanted && this.#state.phase === "running") {
      const nextDueInMs = await this.#heartbeat.promote();
      if (nextDueInMs !== undefined) this.#pollAlarm.atLatest(nextDueInMs);
    }
  }

  /** Sends an exchange that claims, which may say what is due: then nobody has to look. Who wants a look meanwhile speaks of what it may not have seen. */
  async #sendClaim(params: ExchangeParams): Promise<ExchangeResult> {
    const { isLookDue, isLookHinted } = this.#state;
    this.#state.isLookDue = false;
    this.#state.isLookHinted = false;
    let schedule: ExchangeResult["schedule"];
    try {
      const result = await this.#sendExchange(params);
      schedule = result.schedule;
      return result;
    } finally {
      if (schedule === undefined) {
        this.#state.isLookDue ||= isLookDue;
        this.#state.isLookHinted ||= isLookHinted;
      } else if (schedule.nextDueInMs === 0) this.#state.isPromoteDue = true;
      else if (schedule.nextDueInMs !== undefined) this.#pollAlarm.atLatest(schedule.nextDueInMs);
    }
  }

  /** Answers whether the lease is live, as far as it was asked. */
  async #exchange(): Promise<boolean> {
    const { context, outbox, holdings, pace, workerId } = this.#state;
    const due = outbox.takeDue(context.clock.monotonicNow(), context.exchangeSizeMax);
    const pending = due.filter(({ attempt }) => attempt.workerId === workerId);
    if (pending.length < due.length) {
      // Of a registration that is over; they have a turn of their own.
      outbox.putBack(pending);
      this.#requestTurn();
      await this.#settler.settleFormer(due.filter(({ attempt }) => attempt.workerId !== workerId));
      return true;
    }
    const started = this.#state.takeDueStarted();
    const claim = this.#claimer.nextRequest();
    const beganAtMs = context.clock.monotonicNow();
    let result: ExchangeResult | undefined;
    if (pending.length > 0 || started.length > 0 || claim !== undefined) {
      try {
        const params = {
          workerId,
          settlements: pending.map(toSettlement),
          started: started.map(({ job }) => keyOf(job)),
          claim,
        };
        result = await (claim === undefined ? this.#sendExchange(params) : this.#sendClaim(params));
      } catch (error) {
        this.#state.putBackStarted(started);
        if (claim !== undefined) this.#state.isMoreLikely = true;
        if (await this.#settler.settleOneByOne(pending, error)) return true;
        throw error;
      }
      this.#settler.takeVerdicts(pending, result.verdicts);
      this.#claimer.take(claim, result.claimed, context.clock.monotonicNow() - beganAtMs);
      pace.endCycle(context.clock.monotonicNow(), !holdings.isEmpty);
    }
    const dueMs = outbox.nextDueMs();
    if (dueMs !== undefined) this.#turnAlarm.atLatest(dueMs - context.clock.monotonicNow());
    return result?.isLive ?? true;
  }

  /** Sends an exchange; while the database is at it, held jobs go on. */
  async #sendExchange(params: ExchangeParams): Promise<ExchangeResult> {
    const { clock, state } = this.#state.context;
    this.#state.isExchanging = true;
    try {
      const answer = state.exchange(params);
      // Not before it is on its way: what a client library does in between comes in turns of the event loop.
      if (this.#state.holdings.heldCount > 0) clock.defer(() => this.#runner.fillSlots());
      return await answer;
    } finally {
      this.#state.isExchanging = false;
    }
  }

  /**
   * The lease is gone, and others may hold the jobs. What runs is aborted, what is held is dropped; what has an outcome is still offered
   * under the old id, and the fence decides; then a worker that does not stop goes on under a new one.
   */
  async #leaseLost(): Promise<void> {
    const { context, holdings, outbox, workerId } = this.#state;
    const heldCount = holdings.keys().length;
    if (heldCount > 0 || this.#state.phase === "running") {
      context.events.emit([{ name: "worker.leaseLost", workerId, heldCount }]);
    }
    holdings.takeAllHeld();
    for (const { job } of holdings.running.values()) this.#runner.lose(keyOf(job), "leaseLost");
    await this.#settler.settleFormer(outbox.takeAll());
    if (this.#state.phase !== "running") return;
    const newWorkerId = context.nextChainId();
    await this.#register(newWorkerId);
    this.#state.workerId = newWorkerId;
    this.#wakeUps.listenForLoss(newWorkerId);
    this.#wake("hint");
  }
}
