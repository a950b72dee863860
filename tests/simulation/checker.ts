import {
  formatJobId,
  parseJobId,
  type ChainRecord,
  type JobRecord,
  type StateReads,
} from "queuert/adapter";
import { tokenOf, type Model, type ModelChain, type ModelJob } from "./model.ts";
import { assertTrue, Violation, type Invariant } from "./violation.ts";

const everything = 100_000;

/** The label of a chain that a handler starts in its commit: the token of the attempt. */
export const startedByLabel = "startedBy";

/** Compares what the database shows with what must be true: after each commit, and at rest. Keeps the first violation. */
export class Checker {
  readonly #model: Model;
  readonly #state: StateReads<never>;
  readonly #executions = new Set<string>();
  readonly #checkedResults = new Set<ModelChain>();
  readonly #checkedDeletions = new Set<ModelChain>();
  #violation: Violation | undefined;

  readonly #onViolation: (violation: Violation) => void;

  constructor(model: Model, state: StateReads<never>, onViolation: (violation: Violation) => void) {
    this.#model = model;
    this.#state = state;
    this.#onViolation = onViolation;
  }

  get executionCount(): number {
    return this.#executions.size;
  }

  /** Runs a check where nobody would catch what it throws. */
  note(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error: unknown): void {
    if (this.#violation !== undefined) return;
    this.#violation =
      error instanceof Violation
        ? error
        : new Violation(
            "nothingLost",
            `the simulation itself failed: ${String((error as Error)?.stack ?? error)}`,
          );
    this.#onViolation(this.#violation);
  }

  /** A handler begins. `attemptCountMax`: the limit of its type. */
  beginExecution(
    execution: { readonly id: string; readonly token: string; readonly attempt: number },
    attemptCountMax: number,
  ): void {
    const { id, token, attempt } = execution;
    const key = parseJobId(id)!;
    const isReborn = this.#model.rebornChainIds.has(key.chainId);
    assertTrue(
      !this.#executions.has(token) || isReborn,
      "oneExecution",
      () => `${token} is executed twice`,
    );
    assertTrue(
      this.#model.claims.has(token),
      "oneExecution",
      () => `${token} is executed, and no such claim has committed`,
    );
    this.#executions.add(token);
    assertTrue(
      attempt <= attemptCountMax,
      "crashCounts",
      () => `${token} is attempt ${attempt} of ${attemptCountMax}`,
    );
    const job = this.#model.job(key);
    if (job === undefined) return;
    job.executionCount++;
    // A job that was held when its process died may have begun uncounted, but the next claim counts: every other one at worst. So it may
    // have been before one that was given back.
    const countMax = 2 * (attemptCountMax + job.uncounted);
    assertTrue(
      job.executionCount <= countMax || isReborn,
      "crashCounts",
      () =>
        `${id} is executed for the ${job.executionCount}th time, with ${attemptCountMax} attempts and ${job.uncounted} given back`,
    );
  }

  // ── after each commit ─────────────────────────────────────────────────────────────────────────────────────────────────────

  async checkStored(operation: string): Promise<void> {
    if (this.#violation !== undefined) return;
    try {
      const chains = await this.#state.listChains({
        filter: {},
        order: "oldest",
        after: undefined,
        limit: everything,
      });
      const jobs = await this.#state.listJobs({
        filter: {},
        order: "oldest",
        after: undefined,
        limit: everything,
      });
      this.#compareChains(chains);
      this.#compareJobs(jobs);
      this.#checkEdges();
      this.#checkCommits();
      await this.#checkNewResults();
      await this.#checkNewDeletions();
    } catch (error) {
      if (error instanceof Violation) error.message += `\n  Seen after ${operation}.`;
      this.fail(error);
    }
  }

  #compareChains(records: readonly ChainRecord[]): void {
    const stored = new Map(records.map((record) => [record.chainId, record]));
    for (const { chainId, type } of records) {
      assertTrue(
        this.#model.chains.has(chainId),
        "atomicStart",
        () => `the chain ${chainId} (${type}) is stored, and nobody's commit started it`,
      );
    }
    for (const chain of this.#model.chains.values()) {
      const record = stored.get(chain.chainId);
      assertTrue(
        record !== undefined,
        "nothingLost",
        () => `the chain ${chain.chainId} (${chain.type}) is gone`,
      );
      const last = chain.jobs.at(-1)!;
      assertTrue(
        record.status === chain.status && record.last.chainIndex === last.chainIndex,
        chain.status === "open" ? "nothingLost" : "oneOutcome",
        () =>
          `the chain ${chain.chainId} is stored ${record.status} at ${record.last.chainIndex}, and should be ${chain.status} at ${last.chainIndex}`,
      );
    }
  }

  #compareJobs(records: readonly JobRecord[]): void {
    const jobCount = [...this.#model.chains.values()].reduce(
      (sum, { jobs }) => sum + jobs.length,
      0,
    );
    assertTrue(
      records.length === jobCount,
      "nothingLost",
      () => `${records.length} jobs are stored, and should be ${jobCount}`,
    );
    const pairs = records.map((record) => {
      const chain = this.#model.chains.get(record.chainId)!;
      const job = chain.jobs[record.chainIndex];
      assertTrue(
        job !== undefined,
        "atomicStart",
        () => `the job ${formatJobId(record)} is stored, and nobody's commit made it`,
      );
      return { record, job, chain };
    });
    for (const { record, job } of pairs) this.#compareBlockers(record, job);
    for (const { record, job, chain } of pairs) this.#compareJob(record, job, chain);
  }

  #compareBlockers(record: JobRecord, job: ModelJob): void {
    if (job.status !== "waiting") return;
    const openBlockerCount = this.#model.openBlockerCount(job);
    const isTrue =
      record.openBlockers === openBlockerCount &&
      (record.status === "blocked") === openBlockerCount > 0;
    assertTrue(
      isTrue,
      "blockers",
      () =>
        `${formatJobId(record)} (${job.type}) is stored ${record.status} with ${record.openBlockers} open blockers, and has ${openBlockerCount}`,
    );
  }

  #compareJob(record: JobRecord, job: ModelJob, chain: ModelChain): void {
    const expect = (invariant: Invariant, what: string, stored: unknown, expected: unknown): void =>
      assertTrue(
        stored === expected,
        invariant,
        () =>
          `${formatJobId(record)} (${job.type}) is stored with ${what} ${String(stored)}, and should have ${String(expected)}`,
      );
    const isWaiting = job.status === "waiting";
    const storedStatus =
      isWaiting && ["blocked", "scheduled", "ready"].includes(record.status)
        ? "waiting"
        : record.status;
    expect(
      isWaiting ? "nothingLost" : job.status === "running" ? "oneOwner" : "oneOutcome",
      "status",
      storedStatus,
      job.status,
    );
    expect("oneOwner", "claim number", record.claimNo, job.claimNo);
    expect("oneOwner", "worker", record.workerId, job.workerId);
    expect("crashCounts", "attempts", record.attempt, job.attempt);
    expect(
      "noOrphan",
      "dependents",
      record.dependents,
      job.chainIndex === 0 ? chain.dependents : 0,
    );
  }

  #checkEdges(): void {
    for (const { jobs } of this.#model.chains.values()) {
      for (const job of jobs) {
        for (const { chainId } of job.blockers) {
          const blocker = this.#model.chains.get(chainId);
          assertTrue(
            blocker !== undefined,
            "noOrphan",
            () => `${formatJobId(job)} names the chain ${chainId}, which is deleted`,
          );
          assertTrue(
            job.status !== "waiting" || blocker.status !== "cancelled",
            "noOrphan",
            () => `${formatJobId(job)} waits for the chain ${chainId}, which is cancelled`,
          );
        }
      }
    }
  }

  #checkCommits(): void {
    for (const { chainId, labels } of this.#model.chains.values()) {
      const token = labels[startedByLabel];
      if (token === undefined) continue;
      assertTrue(
        this.#model.settled.has(token),
        "atomicEnd",
        () =>
          `the chain ${chainId} was written by the commit of ${token}, which has settled nothing`,
      );
    }
  }

  /** A handler's commit that took effect must have left its writes. */
  checkCommitLeft(token: string, chainId: string): void {
    if (!this.#model.settled.has(token)) return;
    assertTrue(
      this.#model.knownChain(chainId) !== undefined,
      "atomicEnd",
      () => `the commit of ${token} took effect without the chain ${chainId} that it wrote`,
    );
  }

  /** Nothing of a chain that is deleted stays. */
  async #checkNewDeletions(): Promise<void> {
    for (const chain of this.#model.deletedChains.values()) {
      if (this.#checkedDeletions.has(chain)) continue;
      this.#checkedDeletions.add(chain);
      if (this.#model.chains.has(chain.chainId)) continue;
      for (const key of chain.jobs) {
        const attempts = await this.#state.listAttempts({ key });
        assertTrue(
          attempts.length === 0,
          "noOrphan",
          () => `${formatJobId(key)} is deleted, and ${attempts.length} of its attempts are not`,
        );
      }
    }
  }

  async #checkNewResults(): Promise<void> {
    for (const chain of this.#model.chains.values()) {
      if (chain.status !== "completed" || this.#checkedResults.has(chain)) continue;
      this.#checkedResults.add(chain);
      await this.#checkResult(chain);
    }
  }

  // ── at rest ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether all has come to its end: every chain is closed, or waits for one that failed. */
  isAtRest(): boolean {
    return this.openChains().length === 0;
  }

  openChains(): readonly ModelChain[] {
    return [...this.#model.chains.values()].filter(
      (chain) => chain.status === "open" && !this.#model.isStuck(chain),
    );
  }

  async checkAtRest(): Promise<void> {
    if (this.#violation !== undefined) return;
    try {
      for (const chain of this.openChains()) {
        const job = chain.jobs.at(-1)!;
        const [record] = await this.#state.getJobs({ tx: undefined, keys: [job] });
        throw new Violation(
          "nothingLost",
          `${formatJobId(job)} (${job.type}) is still ${record?.status ?? "gone"} (attempt ${job.attempt}, claim ${job.claimNo}, scheduled for ${record?.scheduledAt.toISOString()}), with all faults over`,
        );
      }
      for (const chain of this.#model.chains.values()) await this.#checkResult(chain);
    } catch (error) {
      this.fail(error);
    }
  }

  async #checkResult(chain: ModelChain): Promise<void> {
    const [record] = await this.#state.getChains({ tx: undefined, chainIds: [chain.chainId] });
    const last = chain.jobs.at(-1)!;
    if (chain.status !== "completed") return;
    assertTrue(
      record?.output === last.output,
      "oneOutcome",
      () => `the output of ${chain.chainId} is ${record?.output}, and should be ${last.output}`,
    );
    const { token } = JSON.parse(last.output ?? "{}") as { readonly token?: string };
    const isKnown =
      token === outsideToken ||
      (token !== undefined &&
        this.#executions.has(token) &&
        this.#model.settled.get(token) === "completed");
    assertTrue(
      isKnown && (token === outsideToken || token === tokenOf(last)),
      "oneOutcome",
      () => `the output of ${chain.chainId} is that of ${token}`,
    );
  }
}

/** The token in the output of a chain that was completed from outside. */
export const outsideToken = "outside";
