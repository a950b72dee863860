import type { EngineContext } from "../engine/context.ts";
import type { WakeUpSource, WorkerTrace } from "../ports/tracing.ts";
import type { Attempt } from "./attempt.ts";
import { tokenOf } from "./attempt.ts";
import { Holdings } from "./holdings.ts";
import { Outbox } from "./outbox.ts";
import { Pace } from "./pace.ts";
import type { ResolvedWorkerOptions } from "./worker-options.ts";

/** new → running → stopping → stopped. */
export type Phase = "new" | "running" | "stopping" | "stopped";

/**
 * How long a held job runs before its start is noted, in ms. What ends sooner, as most jobs do, is written once less; a process that dies sooner
 * leaves an attempt uncounted, and the job suspect.
 */
const startedReportDelayMs = 100;

/** What the parts of one worker share. Only the part named in a comment writes a field. */
export class WorkerState<TTransaction> {
  readonly context: EngineContext<TTransaction>;
  readonly options: ResolvedWorkerOptions;
  readonly holdings: Holdings;
  readonly outbox: Outbox = new Outbox();
  readonly pace: Pace;
  /** The registration in force: a lost lease brings a new one. Written by the machine and the heartbeat. */
  workerId: string;
  /** Written by the machine. */
  phase: Phase = "new";
  /** Set while the worker runs, where there is telemetry. Written by the machine. */
  trace: WorkerTrace | undefined;
  /** What made the worker look for jobs since its last claim, for telemetry. Cleared by the claimer. */
  wokenBy: WakeUpSource | undefined;
  /** A claim may bring something: the last one came back full, or somebody or something said so. Cleared by the claimer. */
  isMoreLikely = true;
  /** The time has come to make due jobs ready. Cleared by the heartbeat. */
  isPromoteDue = true;
  /** The time has come to see whether jobs are due, however much there is to claim. Cleared by the heartbeat, and by an exchange that says. */
  isLookDue = false;
  /** A job may be scheduled sooner than known: worth a look once there is nothing to claim. Cleared likewise. */
  isLookHinted = false;
  /** The lease is to be renewed, or what is held to be compared. Cleared by the heartbeat. */
  isBeatDue = false;
  /** What is held is being compared with the database. Written by the heartbeat. */
  isRenewing = false;
  /** An exchange is in flight. Written by the machine. */
  isExchanging = false;
  /** A turn of the lane will come, or another one after this. Written by the machine. */
  isTurnRequested = false;
  /** Asks for a turn of the lane. Set by the machine. */
  requestTurn: () => void = () => {};
  /** Asks for a turn of the lane no later than that. Set by the machine. */
  requestTurnWithin: (delayMs: number) => void = () => {};
  /** Sees to it that due jobs are looked for no later than that. Set by the machine. */
  lookWithin: (delayMs: number) => void = () => {};
  /** Tells those who wait for a change. Set by the machine. */
  changed: () => void = () => {};
  #startedUnreported: Attempt[] = [];

  constructor(context: EngineContext<TTransaction>, options: ResolvedWorkerOptions) {
    this.context = context;
    this.options = options;
    this.holdings = new Holdings(options);
    this.pace = new Pace(options.prefetchMs, context.exchangeSizeMax);
    this.workerId = context.nextChainId();
  }

  /** Asks for a turn that claims. */
  wantMore(wokenBy: WakeUpSource = "hint"): void {
    this.wokenBy ??= wokenBy;
    this.isMoreLikely = true;
    this.requestTurn();
  }

  /** Asks for a look at the schedule once there is nothing to claim. */
  lookWhenIdle(): void {
    this.isLookHinted = true;
    this.requestTurn();
  }

  /** Whether due jobs are to be made ready now, or looked for. */
  get isPromoteWanted(): boolean {
    return this.isPromoteDue || this.isLookDue || (this.isLookHinted && !this.isMoreLikely);
  }

  /** A held job has begun: its attempt is to be counted, unless it ends before that is worth a write. */
  noteStarted(attempt: Attempt): void {
    this.#startedUnreported.push(attempt);
    this.requestTurnWithin(startedReportDelayMs);
  }

  /** Takes the begun jobs that have run for a while. */
  takeDueStarted(): Attempt[] {
    return this.#takeStarted(this.context.clock.monotonicNow() - startedReportDelayMs);
  }

  takeAllStarted(): Attempt[] {
    return this.#takeStarted(Number.POSITIVE_INFINITY);
  }

  putBackStarted(started: readonly Attempt[]): void {
    this.#startedUnreported = [...started, ...this.#startedUnreported];
  }

  /** Takes what has begun by then; what has ended meanwhile is counted by its settlement. */
  #takeStarted(untilMs: number): Attempt[] {
    const running = this.#startedUnreported.filter(
      ({ job, lostReason }) => lostReason === undefined && this.holdings.running.has(tokenOf(job)),
    );
    const isDue = ({ startedAtMs }: Attempt): boolean => startedAtMs! <= untilMs;
    this.#startedUnreported = running.filter((attempt) => !isDue(attempt));
    const next = this.#startedUnreported[0];
    if (next !== undefined) this.requestTurnWithin(next.startedAtMs! - untilMs);
    return running.filter(isDue);
  }
}
