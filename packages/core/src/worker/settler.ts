import { isStoreAway } from "../errors/is-store-away.ts";
import { settleSignals } from "../engine/settle-signals.ts";
import type { WakeUpTopic } from "../ports/notify-adapter.ts";
import type { Verdict } from "../ports/state-adapter.ts";
import { tokenOf } from "./attempt.ts";
import { emitEnded, emitLost } from "./news.ts";
import { toSettlement, type PendingOutcome } from "./outbox.ts";
import { failedEnd, refusedEnd } from "./run-attempt.ts";
import type { Runner } from "./runner.ts";
import type { WorkerState } from "./worker-state.ts";

/** A job whose row a user's transaction had locked comes again after this, doubled each time. */
const deferMs = { initial: 5, max: 250 };

/** Takes the verdicts of an exchange. */
export class Settler<TTransaction> {
  readonly #state: WorkerState<TTransaction>;
  readonly #runner: Runner<TTransaction>;

  constructor(state: WorkerState<TTransaction>, runner: Runner<TTransaction>) {
    this.#state = state;
    this.#runner = runner;
  }

  takeVerdicts(pending: readonly PendingOutcome[], verdicts: readonly Verdict[]): void {
    const topics: WakeUpTopic[] = [];
    pending.forEach((entry, index) => this.#takeVerdict(entry, verdicts[index]!, topics));
    // Together, for each publish may be a round trip.
    void this.#state.context.signals.send({ events: [], topics });
    this.#runner.fillSlots();
  }

  /**
   * An exchange that the database refuses for what is in it, and not because it is away, would be refused for ever: each outcome is then tried
   * alone, and one that is refused alone fails its job. Where the database is away, all are put back. Answers whether they were tried.
   */
  async settleOneByOne(pending: readonly PendingOutcome[], error: unknown): Promise<boolean> {
    if (isStoreAway(error) || pending.length === 0) {
      this.#state.outbox.putBack(pending);
      return false;
    }
    const left = [...pending];
    for (let entry = left.shift(); entry !== undefined; entry = left.shift()) {
      try {
        this.takeVerdicts([entry], await this.#offer(entry.attempt.workerId, [entry]));
      } catch (entryError) {
        if (isStoreAway(entryError)) {
          this.#state.outbox.putBack([entry, ...left]);
          throw entryError;
        }
        this.#replaceOutcome(entry, entryError);
      }
    }
    return true;
  }

  /**
   * Offers the outcomes of registrations whose lease is over, each under its own id: the fence decides. What cannot be locked is given up, since
   * somebody else is about to take the job.
   */
  async settleFormer(pending: readonly PendingOutcome[]): Promise<void> {
    const left = [...pending];
    while (left.length > 0) {
      const { workerId } = left[0]!.attempt;
      const entries = left.filter(({ attempt }) => attempt.workerId === workerId);
      this.takeVerdicts(entries, await this.#offerFormer(workerId, entries, left));
      left.splice(0, left.length, ...left.filter(({ attempt }) => attempt.workerId !== workerId));
    }
  }

  async #offerFormer(
    workerId: string,
    entries: readonly PendingOutcome[],
    all: readonly PendingOutcome[],
  ): Promise<readonly Verdict[]> {
    try {
      const verdicts = await this.#offer(workerId, entries);
      return verdicts.map((verdict) => (verdict.kind === "deferred" ? lostWithLease : verdict));
    } catch (error) {
      if (!isStoreAway(error)) return entries.map(() => lostWithLease);
      this.#state.outbox.putBack(all);
      throw error;
    }
  }

  /** Offers outcomes and asks for nothing. */
  async #offer(workerId: string, entries: readonly PendingOutcome[]): Promise<readonly Verdict[]> {
    const settlements = entries.map(toSettlement);
    const params = { workerId, settlements, started: [], claim: undefined };
    return (await this.#state.context.state.exchange(params)).verdicts;
  }

  /** Adds who is to be woken to `topics`. */
  #takeVerdict(entry: PendingOutcome, verdict: Verdict, topics: WakeUpTopic[]): void {
    const { context, holdings } = this.#state;
    const { attempt, outcome } = entry;
    // Let go of meanwhile: its key is another attempt's now.
    if (attempt.lostReason === "deleted") return;
    if (verdict.kind === "deferred") return this.#putOff(entry);
    holdings.unreserve(tokenOf(attempt.job));
    holdings.settling.delete(tokenOf(attempt.job));
    switch (verdict.kind) {
      case "settled":
        return this.#settled(entry, verdict, topics);
      case "already":
        // After a commit in doubt, what took effect may be that commit and not this outcome: no news is better than false news (P6).
        if (!attempt.isInDoubt) emitEnded(context, attempt, outcome.kind, { pending: entry });
        if (verdict.next !== undefined) this.#runner.takeNext(attempt, verdict.next);
        return;
      case "lost":
        return emitLost(context, attempt, verdict.reason);
      case "refused": {
        const end = refusedEnd(context, attempt, verdict);
        return this.#runner.settleLater(attempt, end.outcome, end.error);
      }
    }
  }

  #settled(
    entry: PendingOutcome,
    { effects, next }: Extract<Verdict, { kind: "settled" }>,
    topics: WakeUpTopic[],
  ): void {
    const { context, options } = this.#state;
    const { attempt, outcome } = entry;
    const nextType = outcome.kind === "continued" ? outcome.next.type : undefined;
    const signals = settleSignals({ ...attempt.job, nextType }, effects);
    emitEnded(context, attempt, outcome.kind, { pending: entry, events: signals.events });
    topics.push(...signals.topics);
    const released = [
      ...effects.unblocked,
      ...(effects.waiting === undefined ? [] : [effects.waiting]),
    ];
    if (released.some(({ type, status }) => status === "ready" && options.handlers.has(type)))
      this.#state.wantMore();
    if (outcome.kind === "retried") this.#state.lookWithin(outcome.delayMs);
    else if (released.some(({ status }) => status === "scheduled")) this.#state.lookWhenIdle();
    if (next !== undefined) this.#runner.takeNext(attempt, next);
  }

  /** A sticky continuation keeps its slot: the row is locked for as long as a user's transaction, not for as long as an outage. */
  #putOff(entry: PendingOutcome): void {
    entry.notBeforeMs =
      this.#state.context.clock.monotonicNow() +
      Math.min(deferMs.max, deferMs.initial * 2 ** entry.deferCount);
    entry.deferCount++;
    this.#state.outbox.putBack([entry]);
  }

  /** First by a failure; a failure that is refused as well leaves the job to renew, which gives it back. */
  #replaceOutcome({ attempt, outcome }: PendingOutcome, error: unknown): void {
    const { context, holdings } = this.#state;
    holdings.unreserve(tokenOf(attempt.job));
    holdings.settling.delete(tokenOf(attempt.job));
    if (outcome.kind === "failed" || outcome.kind === "retried")
      return emitLost(context, attempt, "leaseLost");
    const end = failedEnd(context, attempt, error);
    this.#runner.settleLater(attempt, end.outcome, end.error);
  }
}

const lostWithLease: Verdict = { kind: "lost", reason: "leaseLost" };
