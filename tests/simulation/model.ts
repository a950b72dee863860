import type { EmittedEvent } from "queuert";
import {
  decideDeduplication,
  formatJobId,
  keyKeptUntilMs,
  type AttemptKey,
  type AttemptLimit,
  type BlockerReference,
  type CancelResult,
  type ChainCompletion,
  type ChainStatus,
  type ClaimedJob,
  type CompletionResult,
  type Deduplication,
  type DeleteResult,
  type ExchangeParams,
  type ExchangeResult,
  type NewChain,
  type NewJob,
  type ReapResult,
  type RenewParams,
  type RenewResult,
  type RetentionRules,
  type RetireResult,
  type Settlement,
  type StartResult,
  type Verdict,
} from "queuert/adapter";
import { NewsLedger } from "./news-ledger.ts";
import { assertTrue } from "./violation.ts";

/** As ARCHITECTURE.md has it: then other work gets its turn. */
const stickyCountMax = 16;

/** `waiting`: blocked, scheduled or ready; which of them is for the database to say. */
export type ModelJobStatus =
  | "waiting"
  | "running"
  | "completed"
  | "continued"
  | "failed"
  | "cancelled";

export interface ModelJob {
  readonly chainId: string;
  readonly chainIndex: number;
  readonly type: string;
  blockers: readonly BlockerReference[];
  status: ModelJobStatus;
  attempt: number;
  claimNo: number;
  workerId: string | undefined;
  isStarted: boolean;
  /** Given back by a reap: its next claim counts in any place. */
  isSuspect: boolean;
  output: string | undefined;
  settledBy: { readonly workerId: string; readonly claimNo: number } | undefined;
  /** How often its handler has begun, and how often an attempt was given back without counting; since the last redrive. */
  executionCount: number;
  uncounted: number;
}

export interface ModelChain {
  readonly chainId: string;
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly isUnannounced: boolean;
  readonly createdAtMs: number;
  readonly keptUntilMs: number | undefined;
  readonly jobs: ModelJob[];
  status: ChainStatus;
  dependents: number;
  /** How many of its jobs in a row were given to the worker of the one before, without a claim that others take part in. */
  stickyCount: number;
  /** How it has closed, each time. */
  readonly closings: Exclude<ChainStatus, "open">[];
}

/**
 * What must be true of the database, kept from what it answered to operations that have committed, in the order of their commits. Each answer is
 * checked against what was true before.
 */
export class Model {
  readonly chains: Map<string, ModelChain> = new Map();
  readonly deletedChains: Map<string, ModelChain> = new Map();
  readonly news: NewsLedger = new NewsLedger();
  /** Chains that were deleted and started again with their id: their claim numbers begin again, so their tokens name two attempts. */
  readonly rebornChainIds: Set<string> = new Set();
  /** Grows with every change of a job or chain. */
  changeCount = 0;
  /** Every claim that has committed, as the token that its handler sees. */
  readonly claims: Set<string> = new Set();
  /** The attempts whose settlement took effect, and the outcome. */
  readonly settled: Map<string, string> = new Map();
  /** Takes note of what happened, so that a test can tell what a simulation has gone through. */
  readonly #count: (name: string) => void;
  readonly #leases = new Map<string, number>();
  readonly #chainsByKey = new Map<string, string>();
  readonly #pausedTypes = new Set<string>();
  /** The latest instant at which the database did anything: its clock may have been set back since. */
  #latestMs = Number.NEGATIVE_INFINITY;

  constructor(count: (name: string) => void = () => {}) {
    this.#count = count;
  }

  /** Takes note of the database's clock at an operation. */
  sawTime(nowMs: number): void {
    this.#latestMs = Math.max(this.#latestMs, nowMs);
  }

  // ── starts ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  startChains(chains: readonly NewChain[], results: readonly StartResult[], nowMs: number): void {
    chains.forEach((chain, index) => this.#startChain(chain, results[index]!, nowMs));
  }

  #startChain(chain: NewChain, result: StartResult, nowMs: number): void {
    const { deduplication } = chain;
    const sameId = this.chains.get(chain.chainId);
    if (sameId !== undefined || result.outcome === "sameId") {
      assertTrue(
        result.outcome === "sameId" && sameId?.type === chain.type,
        "atomicStart",
        () =>
          `start of ${chain.chainId}, which ${sameId === undefined ? "does not exist" : "exists"}, answered ${result.outcome}`,
      );
      this.#count("start: sameId");
      this.news.commit("chain.deduplicated", chain.chainId, "same id");
      return;
    }
    const expected = this.#expectedOutcomes(chain, nowMs);
    this.#count(`start: ${result.outcome}`);
    assertTrue(
      expected.includes(result.outcome),
      "deduplication",
      () =>
        `start of ${chain.type} with key ${deduplication?.key} answered ${result.outcome}, not ${expected.join(" or ")}`,
    );
    if (result.outcome !== "created") {
      const named = this.#chainsByKey.get(keyOf(chain.type, deduplication!.key));
      assertTrue(
        named === result.chainId,
        "deduplication",
        () => `key ${deduplication!.key} names ${named}, and the start answered ${result.chainId}`,
      );
      this.news.commit("chain.deduplicated", result.chainId, result.outcome);
      return;
    }
    const created: ModelChain = {
      chainId: chain.chainId,
      type: chain.type,
      labels: chain.labels,
      isUnannounced: chain.isUnannounced,
      createdAtMs: nowMs,
      keptUntilMs: deduplication === undefined ? undefined : keyKeptUntilMs(deduplication, nowMs),
      jobs: [],
      status: "open",
      dependents: 0,
      stickyCount: 0,
      closings: [],
    };
    this.chains.set(chain.chainId, created);
    this.changeCount++;
    if (this.deletedChains.has(chain.chainId)) this.rebornChainIds.add(chain.chainId);
    if (deduplication !== undefined)
      this.#chainsByKey.set(keyOf(chain.type, deduplication.key), chain.chainId);
    const job = this.#insertJob(created, chain);
    const isBlocked = this.openBlockerCount(job) > 0;
    assertTrue(
      (result.jobStatus === "blocked") === isBlocked,
      "blockers",
      () =>
        `${idOf(job)} was started ${result.jobStatus}, with ${this.openBlockerCount(job)} open blockers`,
    );
    if (!chain.isUnannounced) this.news.commit("chain.started", chain.chainId);
  }

  /** A window that was over by a clock that was set back since may have been taken for over then: the key is gone. */
  #expectedOutcomes(
    { type, deduplication }: NewChain,
    nowMs: number,
  ): readonly StartResult["outcome"][] {
    if (deduplication === undefined) return ["created"];
    return [nowMs, Math.max(nowMs, this.#latestMs)].map((atMs) => {
      const decision = this.#decideDeduplication(type, deduplication, atMs);
      return decision === "create" ? "created" : decision;
    });
  }

  #decideDeduplication(
    type: string,
    deduplication: Deduplication,
    nowMs: number,
  ): ReturnType<typeof decideDeduplication> {
    const chain = this.chains.get(this.#chainsByKey.get(keyOf(type, deduplication.key)) ?? "");
    const root = chain?.jobs[0];
    const existing =
      chain === undefined || root === undefined
        ? undefined
        : {
            status: chain.status,
            createdAtMs: chain.createdAtMs,
            rootStatus: root.status === "waiting" ? ("ready" as const) : root.status,
            rootClaimNo: root.claimNo,
          };
    return decideDeduplication(deduplication, existing, nowMs);
  }

  #insertJob(chain: ModelChain, given: NewJob): ModelJob {
    const job: ModelJob = {
      chainId: chain.chainId,
      chainIndex: chain.jobs.length,
      type: given.type,
      blockers: given.blockers,
      status: "waiting",
      attempt: 0,
      claimNo: 0,
      workerId: undefined,
      isStarted: false,
      isSuspect: false,
      output: undefined,
      settledBy: undefined,
      executionCount: 0,
      uncounted: 0,
    };
    for (const { chainId } of given.blockers) {
      const blocker = this.chains.get(chainId);
      assertTrue(
        blocker !== undefined && blocker.status !== "cancelled",
        "noOrphan",
        () =>
          `${idOf(job)} was inserted to wait for ${chainId}, which is ${blocker?.status ?? "not there"}`,
      );
      blocker.dependents++;
    }
    chain.jobs.push(job);
    return job;
  }

  // ── attempts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  registerWorker(workerId: string, leaseMs: number, nowMs: number): void {
    this.#leases.set(workerId, nowMs + leaseMs);
  }

  exchange(params: ExchangeParams, result: ExchangeResult, nowMs: number): void {
    const { workerId, settlements, started } = params;
    this.settle(workerId, settlements, result.verdicts, nowMs);
    this.#start(workerId, started);
    // A claim asks for the lease; otherwise only bad news about it is news.
    const isLiveTold = params.claim !== undefined || !result.isLive;
    assertTrue(
      !isLiveTold || result.isLive === this.#isLive(workerId, nowMs),
      "leases",
      () => `an exchange of ${workerId} answered isLive ${result.isLive}`,
    );
    for (const job of result.claimed) this.#claim(workerId, job, nowMs);
  }

  settle(
    workerId: string,
    settlements: readonly Settlement[],
    verdicts: readonly Verdict[],
    nowMs: number,
  ): void {
    settlements.forEach((settlement, index) =>
      this.#settle(workerId, settlement, verdicts[index]!, nowMs),
    );
  }

  #settle(workerId: string, settlement: Settlement, verdict: Verdict, nowMs: number): void {
    const job = this.job(settlement);
    this.#count(`verdict: ${verdict.kind}`);
    const isOwner = job !== undefined && isHeldBy(job, workerId, settlement.claimNo);
    const describe = (): string =>
      `${tokenOf(settlement)} of ${workerId}, ${settlement.outcome.kind}, answered ${verdict.kind}; the job is ${job === undefined ? "not there" : describeJob(job)}`;
    if (verdict.kind === "settled") {
      assertTrue(isOwner, "fence", describe);
      return this.#applyOutcome(job, workerId, settlement, verdict, nowMs);
    }
    if (verdict.kind === "already") {
      assertTrue(isSettledBy(job, workerId, settlement.claimNo), "fence", describe);
      const { next } = verdict;
      if (next !== undefined)
        assertTrue(
          this.#isHeld(next, workerId),
          "oneOwner",
          () => `${tokenOf(next)} was given to ${workerId} again, which does not hold it`,
        );
      return;
    }
    // Once it is claimed again, nobody needs to know any more.
    const isKnown =
      job?.claimNo === settlement.claimNo && isSettledBy(job, workerId, settlement.claimNo);
    assertTrue(
      verdict.kind !== "lost" || !isKnown,
      "fence",
      () => `${describe()}, settled by this very attempt`,
    );
    // A refused continuation leaves the attempt as it is; a lost one must be lost.
    assertTrue(isOwner === (verdict.kind !== "lost"), "fence", describe);
  }

  #applyOutcome(
    job: ModelJob,
    workerId: string,
    settlement: Settlement,
    verdict: Extract<Verdict, { kind: "settled" }>,
    nowMs: number,
  ): void {
    const { outcome } = settlement;
    const chain = this.chains.get(job.chainId)!;
    const attempt = job.isStarted ? job.attempt : job.attempt + 1;
    const isCounted = outcome.kind !== "released" && outcome.kind !== "rescheduled";
    this.settled.set(tokenOf(settlement), outcome.kind);
    this.news.commit("attempt.ended", idOf(job), workerId, attempt, outcome.kind);
    job.settledBy = { workerId, claimNo: settlement.claimNo };
    this.#giveBack(job, isCounted ? attempt : attempt - 1);
    if (!isCounted) job.uncounted++;
    switch (outcome.kind) {
      case "completed":
        this.#checkOutput(job, settlement, outcome.output);
        return this.#complete(chain, job, outcome.output);
      case "continued": {
        const next = this.#continue(chain, job, outcome.next);
        if (verdict.next !== undefined) {
          assertTrue(
            outcome.isSticky && verdict.next.chainIndex === next.chainIndex,
            "oneOwner",
            () => `${idOf(job)} was continued, and ${tokenOf(verdict.next!)} was given for it`,
          );
          this.#count("claim: sticky");
          const stickyCount = chain.stickyCount + 1;
          assertTrue(
            stickyCount <= stickyCountMax,
            "fairness",
            () =>
              `${tokenOf(verdict.next!)} is the ${stickyCount}th in a row that stays with ${workerId}`,
          );
          this.#claim(workerId, verdict.next, nowMs);
          chain.stickyCount = stickyCount;
        }
        return;
      }
      case "failed":
        return this.#fail(chain, job);
      case "retried":
      case "rescheduled":
      case "released":
    }
  }

  /** The handlers of a simulation put their token into what they return. */
  #checkOutput(job: ModelJob, settlement: Settlement, output: string | undefined): void {
    const token =
      output === undefined ? undefined : (JSON.parse(output) as { readonly token?: string }).token;
    assertTrue(
      token === tokenOf(settlement),
      "oneOutcome",
      () => `${tokenOf(settlement)} was completed with the output of ${token ?? "nobody"}`,
    );
    assertTrue(job.output === undefined, "oneOutcome", () => `${idOf(job)} has an output already`);
  }

  #claim(workerId: string, claimed: ClaimedJob, nowMs: number): void {
    const job = this.job(claimed);
    const describe = (): string =>
      `${tokenOf(claimed)} was claimed by ${workerId}; the job is ${job === undefined ? "not there" : describeJob(job)}`;
    assertTrue(
      job !== undefined && job.status === "waiting" && claimed.claimNo === job.claimNo + 1,
      "oneOwner",
      describe,
    );
    assertTrue(
      this.#isLive(workerId, nowMs),
      "leases",
      () => `${workerId} claimed ${tokenOf(claimed)} without a live lease`,
    );
    assertTrue(
      !this.#pausedTypes.has(job.type),
      "pausedTypes",
      () => `${tokenOf(claimed)} of the paused type ${job.type} was claimed`,
    );
    this.#checkBlockers(job, claimed);
    assertTrue(
      claimed.attempt === job.attempt + 1,
      "crashCounts",
      () => `${tokenOf(claimed)} is attempt ${claimed.attempt}, after ${job.attempt} that count`,
    );
    assertTrue(
      claimed.isStarted || !job.isSuspect,
      "crashCounts",
      () => `${tokenOf(claimed)} is suspect, and was claimed without counting`,
    );
    const chain = this.chains.get(job.chainId)!;
    chain.stickyCount = 0;
    const isFirstNews = chain.isUnannounced && job.chainIndex === 0 && claimed.claimNo === 1;
    assertTrue(
      claimed.isUnannounced === isFirstNews,
      "noFalseNews",
      () => `the claim ${tokenOf(claimed)} says isUnannounced ${claimed.isUnannounced}`,
    );
    if (isFirstNews) this.news.commit("chain.started", job.chainId);
    this.#count(
      job.isSuspect ? "claim: suspect" : claimed.isStarted ? "claim: started" : "claim: held",
    );
    this.news.commit("attempt.started", idOf(job), workerId, claimed.attempt);
    this.claims.add(tokenOf(claimed));
    this.changeCount++;
    job.status = "running";
    job.workerId = workerId;
    job.claimNo = claimed.claimNo;
    job.isStarted = claimed.isStarted;
    job.isSuspect = false;
    if (claimed.isStarted) job.attempt++;
  }

  #checkBlockers(job: ModelJob, claimed: ClaimedJob): void {
    assertTrue(
      this.openBlockerCount(job) === 0,
      "blockers",
      () => `${tokenOf(claimed)} was claimed with ${this.openBlockerCount(job)} open blockers`,
    );
    const read = claimed.blockers
      .map(({ slot, ordinal, chainId, output }) => [slot, ordinal, chainId, output].join(" "))
      .toSorted();
    const expected = job.blockers
      .map(({ slot, ordinal, chainId }) =>
        [slot, ordinal, chainId, this.chains.get(chainId)?.jobs.at(-1)?.output].join(" "),
      )
      .toSorted();
    assertTrue(
      read.join("\n") === expected.join("\n"),
      "blockers",
      () =>
        `${tokenOf(claimed)} reads ${read.join(", ")} of its blockers, not ${expected.join(", ")}`,
    );
  }

  #start(workerId: string, started: readonly AttemptKey[]): void {
    for (const key of started) {
      const job = this.job(key);
      if (job === undefined || !isHeldBy(job, workerId, key.claimNo) || job.isStarted) continue;
      job.isStarted = true;
      job.attempt++;
    }
  }

  renew(params: RenewParams, result: RenewResult, nowMs: number): void {
    const { workerId, held } = params;
    assertTrue(
      result.isLive === this.#isLive(workerId, nowMs),
      "leases",
      () => `renew of ${workerId} answered isLive ${result.isLive}`,
    );
    if (!result.isLive) return this.#count("renew: lease lost");
    this.#leases.set(workerId, nowMs + params.leaseMs);
    this.#start(workerId, params.started);
    for (const key of result.lost)
      assertTrue(
        !this.#isHeld(key, workerId),
        "fence",
        () => `renew told ${workerId} that it lost ${tokenOf(key)} (${key.reason}), which it holds`,
      );
    const known = new Set(held.map(tokenOf));
    const unknown = this.#heldBy(workerId).filter((job) => !known.has(tokenOf(job)));
    assertTrue(
      unknown.length === result.releasedCount,
      "nothingLost",
      () =>
        `renew of ${workerId} gave back ${result.releasedCount} jobs; it does not know ${unknown.length}`,
    );
    for (const job of unknown) {
      this.#count("renew: unknown job given back");
      this.#giveBackUncounted(job);
    }
    const lost = new Set(result.lost.map(tokenOf));
    for (const key of held) {
      const job = this.job(key);
      const isOwn =
        job !== undefined &&
        (isHeldBy(job, workerId, key.claimNo) || isSettledBy(job, workerId, key.claimNo));
      assertTrue(
        isOwn || lost.has(tokenOf(key)),
        "fence",
        () => `renew did not tell ${workerId} that it lost ${tokenOf(key)}`,
      );
    }
  }

  removeWorker(workerId: string): void {
    this.#leases.delete(workerId);
    for (const job of this.#heldBy(workerId)) {
      this.news.commit(
        "attempt.ended",
        idOf(job),
        workerId,
        job.isStarted ? job.attempt : job.attempt + 1,
        "released",
      );
      this.#giveBackUncounted(job);
    }
  }

  reap(limits: readonly AttemptLimit[], result: ReapResult, nowMs: number): void {
    for (const reaped of result.reaped) {
      const job = this.job(reaped);
      assertTrue(
        job !== undefined && isHeldBy(job, reaped.workerId, reaped.claimNo),
        "oneOwner",
        () =>
          `${tokenOf(reaped)} was reaped from ${reaped.workerId}; the job is ${job === undefined ? "not there" : describeJob(job)}`,
      );
      assertTrue(
        !this.#isLive(reaped.workerId, nowMs),
        "leases",
        () => `${tokenOf(reaped)} was reaped from ${reaped.workerId}, whose lease is live`,
      );
      const limit =
        limits.find(({ type }) => type === job.type)?.attemptCountMax ?? Number.POSITIVE_INFINITY;
      const isUsedUp = job.isStarted && job.attempt >= limit;
      assertTrue(
        (reaped.outcome === "failed") === isUsedUp,
        "crashCounts",
        () => `${tokenOf(reaped)} was ${reaped.outcome} after ${job.attempt} of ${limit} attempts`,
      );
      this.#count(`reap: ${job.isStarted ? "started" : "held"} job ${reaped.outcome}`);
      this.news.commit("attempt.reaped", idOf(job), reaped.workerId, reaped.outcome);
      job.isSuspect = !isUsedUp;
      job.settledBy = undefined;
      this.#giveBack(job, job.attempt);
      if (isUsedUp) this.#fail(this.chains.get(job.chainId)!, job);
    }
    for (const workerId of result.workerIds) this.#leases.delete(workerId);
  }

  // ── actions ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  completeChains(items: readonly ChainCompletion[], results: readonly CompletionResult[]): void {
    items.forEach(({ chainId, outcome }, index) => {
      const result = results[index]!;
      if (result.outcome !== "completed" && result.outcome !== "continued") return;
      const chain = this.chains.get(chainId);
      const job = chain?.jobs.at(-1);
      assertTrue(
        chain?.status === "open" && job !== undefined,
        "oneOutcome",
        () => `${chainId}, which is ${chain?.status ?? "not there"}, was completed from outside`,
      );
      assertTrue(
        this.openBlockerCount(job) === 0,
        "blockers",
        () => `${idOf(job)} was completed from outside with open blockers`,
      );
      this.news.commit("job.completedWithoutWorker", idOf(job), result.outcome);
      job.settledBy = undefined;
      this.#giveBack(job, job.attempt);
      if (outcome.kind === "completed") this.#complete(chain, job, outcome.output);
      else this.#continue(chain, job, outcome.next);
    });
  }

  cancel(results: readonly CancelResult[]): void {
    for (const result of results) {
      if (result.outcome !== "cancelled") continue;
      const chain = this.chains.get(result.chainId);
      const job = chain?.jobs.at(-1);
      assertTrue(
        chain?.status === "open" && job !== undefined,
        "oneOutcome",
        () => `${result.chainId}, which is ${chain?.status ?? "not there"}, was cancelled`,
      );
      job.settledBy = undefined;
      this.#giveBack(job, job.attempt);
      job.status = "cancelled";
      this.#close(chain, "cancelled");
    }
  }

  redrive(chainIds: readonly string[]): void {
    for (const chainId of chainIds) {
      const chain = this.chains.get(chainId);
      const job = chain?.jobs.at(-1);
      assertTrue(
        chain?.status === "failed" && job !== undefined,
        "oneOutcome",
        () => `${chainId}, which is ${chain?.status ?? "not there"}, was redriven`,
      );
      chain.status = "open";
      job.status = "waiting";
      job.attempt = 0;
      job.executionCount = 0;
      job.uncounted = 0;
      this.changeCount++;
      this.news.commit("chain.redriven", chainId);
    }
  }

  noteJobs(event: "job.triggered" | "job.rescheduled", jobIds: readonly string[]): void {
    for (const jobId of jobIds) this.news.commit(event, jobId);
  }

  deleteChains(results: readonly DeleteResult[]): void {
    for (const result of results) {
      if (result.outcome !== "deleted") continue;
      const chain = this.chains.get(result.chainId);
      assertTrue(
        chain !== undefined,
        "noOrphan",
        () => `${result.chainId} was deleted, and is not there`,
      );
      this.#delete(chain);
      this.news.commit("chain.deleted", result.chainId);
    }
  }

  retireChains(rules: RetentionRules, { retired }: RetireResult, nowMs: number): void {
    const retiredIds = new Set(retired.map(({ chainId }) => chainId));
    for (const { chainId, chainType, status } of retired) {
      const chain = this.chains.get(chainId);
      assertTrue(
        chain !== undefined && chain.status === status && rules[status] !== undefined,
        "nothingLost",
        () => `${chainId}, which is ${chain?.status ?? "not there"}, was retired as ${status}`,
      );
      assertTrue(
        !this.#isKeyKept(chain, Math.max(nowMs, this.#latestMs)),
        "deduplication",
        () => `${chainId} was retired before the window of its key was over`,
      );
      this.#delete(chain);
      this.news.commit("chains.retired", chainType, status);
      for (const job of this.#jobsThatName(chainId)) {
        assertTrue(
          retiredIds.has(job.chainId) ||
            ["completed", "continued", "cancelled"].includes(job.status),
          "noOrphan",
          () => `${chainId} was retired, and ${idOf(job)}, which is ${job.status}, names it`,
        );
        job.blockers = job.blockers.filter((blocker) => blocker.chainId !== chainId);
      }
    }
  }

  setTypesPaused(types: readonly string[], isPaused: boolean): void {
    for (const type of types) {
      if (isPaused) this.#pausedTypes.add(type);
      else this.#pausedTypes.delete(type);
    }
  }

  // ── looking ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Edges to chains that have not completed. */
  openBlockerCount(job: ModelJob): number {
    return job.blockers.filter(({ chainId }) => this.chains.get(chainId)?.status !== "completed")
      .length;
  }

  /** Whether the chain can go no further until somebody redrives another one. */
  isStuck(chain: ModelChain): boolean {
    const job = chain.jobs.at(-1)!;
    if (chain.status !== "open" || job.status !== "waiting") return false;
    return job.blockers.some(({ chainId }) => {
      const blocker = this.chains.get(chainId);
      return blocker !== undefined && (blocker.status === "failed" || this.isStuck(blocker));
    });
  }

  job(key: { readonly chainId: string; readonly chainIndex: number }): ModelJob | undefined {
    return this.chains.get(key.chainId)?.jobs[key.chainIndex];
  }

  /** The chain, though it may have been deleted. */
  knownChain(chainId: string): ModelChain | undefined {
    return this.chains.get(chainId) ?? this.deletedChains.get(chainId);
  }

  /** Attempts of a chain that was begun again with its id cannot be told apart (decision 0014). */
  isOfRebornAttempt(event: EmittedEvent): boolean {
    return (
      event.name.startsWith("attempt.") &&
      "chainId" in event &&
      this.rebornChainIds.has(event.chainId)
    );
  }

  get hasPausedTypes(): boolean {
    return this.#pausedTypes.size > 0;
  }

  /** The chain, and the one of before that was deleted and had its id: who reads slowly may learn of either. */
  chainsOfId(chainId: string): readonly ModelChain[] {
    const chains = [this.deletedChains.get(chainId), this.chains.get(chainId)];
    return chains.filter((chain) => chain !== undefined);
  }

  /** Whether a key names the chain in a window that is not over; one without a window goes with its chain. */
  #isKeyKept({ chainId, keptUntilMs }: ModelChain, nowMs: number): boolean {
    return (
      keptUntilMs !== undefined &&
      Number.isFinite(keptUntilMs) &&
      keptUntilMs > nowMs &&
      [...this.#chainsByKey.values()].includes(chainId)
    );
  }

  #jobsThatName(chainId: string): readonly ModelJob[] {
    return [...this.chains.values()].flatMap(({ jobs }) =>
      jobs.filter(({ blockers }) => blockers.some((blocker) => blocker.chainId === chainId)),
    );
  }

  #isHeld(key: AttemptKey, workerId: string): boolean {
    const job = this.job(key);
    return job !== undefined && isHeldBy(job, workerId, key.claimNo);
  }

  #heldBy(workerId: string): readonly ModelJob[] {
    return [...this.chains.values()].flatMap(({ jobs }) =>
      jobs.filter((job) => job.status === "running" && job.workerId === workerId),
    );
  }

  #isLive(workerId: string, nowMs: number): boolean {
    return (this.#leases.get(workerId) ?? 0) > nowMs;
  }

  // ── changing ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #delete(chain: ModelChain): void {
    this.chains.delete(chain.chainId);
    this.deletedChains.set(chain.chainId, chain);
    for (const [key, chainId] of this.#chainsByKey)
      if (chainId === chain.chainId) this.#chainsByKey.delete(key);
    for (const job of chain.jobs) {
      for (const { chainId } of job.blockers) {
        const blocker = this.chains.get(chainId);
        if (blocker !== undefined) blocker.dependents--;
      }
    }
    this.changeCount++;
  }

  #giveBack(job: ModelJob, attempt: number): void {
    this.changeCount++;
    job.status = "waiting";
    job.workerId = undefined;
    job.isStarted = false;
    job.attempt = attempt;
  }

  #giveBackUncounted(job: ModelJob): void {
    job.settledBy = undefined;
    job.uncounted++;
    this.#giveBack(job, job.isStarted ? job.attempt - 1 : job.attempt);
  }

  #complete(chain: ModelChain, job: ModelJob, output: string | undefined): void {
    job.status = "completed";
    job.output = output;
    this.#close(chain, "completed");
  }

  #continue(chain: ModelChain, job: ModelJob, next: NewJob): ModelJob {
    job.status = "continued";
    const inserted = this.#insertJob(chain, next);
    this.news.commit("job.continued", idOf(job), idOf(inserted), next.type);
    return inserted;
  }

  #fail(chain: ModelChain, job: ModelJob): void {
    job.status = "failed";
    this.#close(chain, "failed");
  }

  #close(chain: ModelChain, status: Exclude<ChainStatus, "open">): void {
    chain.status = status;
    chain.closings.push(status);
    this.news.commit("chain.closed", chain.chainId, status);
    if (status !== "failed" && chain.keptUntilMs === undefined) {
      for (const [key, chainId] of this.#chainsByKey)
        if (chainId === chain.chainId) this.#chainsByKey.delete(key);
    }
    if (status !== "completed") return;
    for (const { jobs } of this.chains.values()) {
      const last = jobs.at(-1)!;
      const waited =
        last.status === "waiting" && last.blockers.some(({ chainId }) => chainId === chain.chainId);
      if (!waited || this.openBlockerCount(last) > 0) continue;
      this.#count("unblocked");
      this.news.commit("job.unblocked", idOf(last));
    }
  }
}

function isSettledBy(job: ModelJob | undefined, workerId: string, claimNo: number): boolean {
  return job?.settledBy?.workerId === workerId && job.settledBy.claimNo === claimNo;
}

function isHeldBy(job: ModelJob, workerId: string, claimNo: number): boolean {
  return job.status === "running" && job.workerId === workerId && job.claimNo === claimNo;
}

function describeJob(job: ModelJob): string {
  return `${job.status}, claim ${job.claimNo}, worker ${job.workerId ?? "none"}`;
}

function idOf(job: { readonly chainId: string; readonly chainIndex: number }): string {
  return formatJobId(job);
}

export function tokenOf(key: AttemptKey): string {
  return `${formatJobId(key)}:${key.claimNo}`;
}

/** A type and a key in one text; the length keeps two pairs from reading alike. */
function keyOf(type: string, key: string): string {
  return `${type.length}:${type}:${key}`;
}
