/** A bug to plant into the sources as they are loaded. */
export interface Mutation {
  readonly name: string;
  /** What an engineer could have written instead; each `from` stands in its file exactly once. */
  readonly edits: readonly Edit[];
  /** The invariants of the simulation, one of which it breaks. */
  readonly invariants: readonly string[];
  /** A case of the conformance suite that it fails, as the suite names it. `undefined`: it takes more faults than a case can have. */
  readonly failingCase: string | undefined;
}

export interface Edit {
  /** Below `packages/core/src`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const fence = `row?.status === "running" && row.workerId === workerId && row.claimNo === key.claimNo`;

/** The bugs that queues have shipped, one of each kind that the promises rule out. */
export const mutations: readonly Mutation[] = [
  {
    name: "no fence",
    edits: [{ file: "memory/fence.ts", from: fence, to: `row?.status === "running"` }],
    invariants: ["fence"],
    failingCase: "P3 A2: an attempt that another worker has taken over cannot fail",
  },
  {
    name: "a fence without the claim number",
    edits: [
      {
        file: "memory/fence.ts",
        from: fence,
        to: `row?.status === "running" && row.workerId === workerId`,
      },
    ],
    invariants: ["fence"],
    failingCase: "P3 A2 Q4: a stale attempt of the same worker id cannot complete",
  },
  {
    name: "unblocking by a snapshot",
    edits: [
      {
        file: "memory/close-chain.ts",
        from: "    const job = writer.job(waiter)!;",
        // What is of this very instant is not in the snapshot.
        to: "    const job = writer.job(waiter)!;\n    if (job.createdAtMs === writer.nowMs) continue;",
      },
    ],
    invariants: ["blockers"],
    failingCase:
      "B7 C2: starts and closers at once, many times: nobody is left blocked, nobody starts early",
  },
  {
    name: "a claim by a worker whose lease is over",
    edits: [
      {
        file: "memory/create-memory-state-adapter.ts",
        from: "const isLive = !isLeaseAsked || writer.isLive(workerId);",
        to: "const isLive = true;",
      },
    ],
    invariants: ["leases"],
    failingCase: "P3: a worker whose lease has expired claims nothing, but settles",
  },
  {
    name: "signals before the commit",
    edits: [
      {
        file: "engine/transaction-hooks.ts",
        from: "deliver: async (signals) => buffer?.add(signals),",
        to: "deliver: (signals) => context.signals.send(signals),",
      },
    ],
    invariants: ["noFalseNews"],
    failingCase:
      "P6: events and effects leave after the commit, in the order in which they were made",
  },
  {
    name: "a crash that does not count",
    edits: [
      {
        file: "memory/reap-jobs.ts",
        from: "writer.putJob({ ...giveBackJob(row, writer.nowMs), completedBy: undefined, isSuspect: true });",
        to: "writer.putJob({ ...giveBackJob(row, writer.nowMs), completedBy: undefined, attempt: row.isStarted ? row.attempt - 1 : row.attempt });",
      },
    ],
    invariants: ["crashCounts"],
    failingCase:
      "P4 P5: a started job of a worker whose lease has expired goes back to ready, its attempt counted",
  },
  {
    name: "a reap without looking again",
    edits: [
      {
        file: "memory/reap-jobs.ts",
        from: "const lost = take(walkLostJobs(writer, limits), params.limit + 1);",
        // The rows as they were at the reap before.
        to: [
          "const lost = seenLost.get(writer.tables) ?? [];",
          "  seenLost.set(writer.tables, take(walkLostJobs(writer, limits), params.limit + 1));",
        ].join("\n"),
      },
      {
        file: "memory/reap-jobs.ts",
        from: "/** Takes the jobs of workers that are gone,",
        to: "const seenLost = new WeakMap<object, readonly JobRow[]>();\n\n/** Takes the jobs of workers that are gone,",
      },
    ],
    invariants: ["oneOwner", "leases"],
    failingCase:
      "P3 A2 A5: a stale attempt that comes after the fresh one has completed changes nothing",
  },
  {
    name: "a settlement that is lost when it is repeated",
    edits: [
      {
        file: "memory/fence.ts",
        from: `if (row.completedBy === workerId) return "already";`,
        to: "",
      },
    ],
    invariants: ["fence"],
    failingCase: "P3 C18: repeating a settlement (completed) answers already and changes nothing",
  },
  {
    name: "a settlement that takes effect again when it is repeated",
    edits: [
      {
        file: "memory/fence.ts",
        from: fence,
        to: `row !== undefined && (row.status === "running" ? row.workerId : row.completedBy) === workerId && row.claimNo === key.claimNo`,
      },
    ],
    invariants: ["fence"],
    failingCase: "P3 B7b: a repeated completion releases nobody twice",
  },
  {
    name: "sticky continuations without a bound",
    edits: [
      {
        file: "worker/runner.ts",
        from: "const stickyCountMax = 16;",
        to: "const stickyCountMax = Number.POSITIVE_INFINITY;",
      },
    ],
    invariants: ["fairness"],
    failingCase: "P4: a long loop in the only slot lets other work have its turn",
  },
  {
    name: "deduplication that checks, then inserts",
    edits: [
      {
        file: "memory/start-chains.ts",
        from: "  if (row === undefined) return undefined;\n  const chain = writer.chain(row.chainId)!;",
        // What is of this very instant was not there when it was looked for.
        to: "  if (row === undefined) return undefined;\n  const chain = writer.chain(row.chainId)!;\n  if (chain.createdAtMs === writer.nowMs) return undefined;",
      },
    ],
    invariants: ["deduplication"],
    failingCase: "F1: a start that waits for a key whose holder commits keeps the holder's chain",
  },
  {
    name: "a suspect that does not count in every place",
    edits: [
      {
        file: "memory/claim-jobs.ts",
        from: "row.isSuspect || place < claim.slots",
        to: "place < claim.slots",
      },
    ],
    invariants: ["crashCounts"],
    failingCase:
      "P5 D4: a poison job that kills every worker before its start is noted fails in the end",
  },
  {
    name: "a claim whose answer was lost and that nobody gives back",
    edits: [
      {
        file: "memory/lease-workers.ts",
        from: "for (const row of unknown) releaseUncounted(writer, row);",
        to: "",
      },
    ],
    invariants: ["nothingLost"],
    failingCase:
      "A11: a claim whose answer was lost goes back to ready at the next renew, without an attempt",
  },
  {
    name: "a savepoint that keeps its signals",
    edits: [
      {
        file: "engine/transaction-hooks.ts",
        from: "      this.#signals.length = mark;\n",
        to: "",
      },
    ],
    invariants: ["noFalseNews"],
    failingCase:
      "P6: a savepoint that rolls back takes its writes and signals with it, and nothing else",
  },
  {
    name: "a failed chain that unblocks",
    edits: [
      {
        file: "memory/close-chain.ts",
        from: `if (status === "failed") return [];`,
        to: `if (status === "failed") return unblock(writer, chain.chainId);`,
      },
    ],
    invariants: ["blockers"],
    failingCase: "B7: a failed blocker still blocks, and releases after a redrive that completes",
  },
  {
    name: "a lost attempt that keeps its slot for the next job",
    edits: [
      {
        file: "worker/runner.ts",
        from: `if (lostReason !== undefined || end.kind !== "outcome") return false;`,
        to: `if (end.kind !== "outcome") return false;`,
      },
    ],
    invariants: ["nothingLost"],
    failingCase: undefined,
  },
  {
    name: "a timer that outlives its worker",
    edits: [
      {
        file: "worker/alarm.ts",
        from: "    this.#isEnded = true;\n",
        to: "    this.#atMs = Number.POSITIVE_INFINITY;\n",
      },
    ],
    invariants: ["every worker stops"],
    failingCase: undefined,
  },
];
