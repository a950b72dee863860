import { childCount, runsPerStart, stepCount, type JobKind } from "./system.ts";

/** What a process saw of the executions. */
export interface LedgerRecord {
  /** How often each execution was seen, by its number, as base64 of bytes. */
  readonly counts: string;
  /** Steps that ran before the step before them, parents that ran before one of their children. */
  readonly outOfOrderCount: number;
  /** When each tenth of the executions had been seen, in ms of {@link monotonicMs}. */
  readonly tenthsAtMs: readonly number[];
  /** When each execution was seen first, in ms of {@link monotonicMs}; empty unless asked for. */
  readonly seenAtMs: readonly number[];
}

/** Counts the executions that a process sees. */
export interface Ledger {
  readonly handledCount: number;
  note(run: number): void;
  record(): LedgerRecord;
}

/** A clock that is the same in all processes of a machine and never goes back. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function createLedger(kind: JobKind, startCount: number, isTimed: boolean): Ledger {
  const runCount = startCount * runsPerStart[kind];
  const counts = new Uint8Array(runCount);
  const seenAtMs: number[] = isTimed ? Array.from({ length: runCount }, () => 0) : [];
  const tenthsAtMs: number[] = [];
  let handledCount = 0;
  let outOfOrderCount = 0;
  return {
    get handledCount() {
      return handledCount;
    },
    note(run) {
      if (!isDue(kind, run, counts)) outOfOrderCount++;
      if (isTimed && counts[run] === 0) seenAtMs[run] = monotonicMs();
      counts[run] = (counts[run] ?? 0) + 1;
      handledCount++;
      if (handledCount * 10 >= (tenthsAtMs.length + 1) * runCount) tenthsAtMs.push(monotonicMs());
    },
    record: () => ({
      counts: Buffer.from(counts).toString("base64"),
      outOfOrderCount,
      tenthsAtMs,
      seenAtMs,
    }),
  };
}

/** Whether what the execution has to wait for has been seen. */
function isDue(kind: JobKind, run: number, counts: Uint8Array): boolean {
  if (kind === "chain") return run % stepCount === 0 || counts[run - 1] !== 0;
  if (kind === "fan" && run % runsPerStart.fan === childCount)
    return counts.subarray(run - childCount, run).every((count) => count > 0);
  return true;
}

/** What is wrong with the executions that several processes saw together; empty when each took place once. */
export function findProblems(records: readonly LedgerRecord[], isCut: boolean): string[] {
  const counts = records.map((record) => Buffer.from(record.counts, "base64"));
  let missingCount = 0;
  let repeatedCount = 0;
  for (let run = 0; run < (counts[0]?.length ?? 0); run++) {
    const seen = counts.reduce((sum, seenBy) => sum + (seenBy[run] ?? 0), 0);
    if (seen === 0) missingCount++;
    if (seen > 1) repeatedCount++;
  }
  const outOfOrderCount = records.reduce((sum, record) => sum + record.outOfOrderCount, 0);
  return [
    ...(missingCount > 0 && !isCut ? [`${missingCount} jobs did not run`] : []),
    ...(repeatedCount > 0 ? [`${repeatedCount} jobs ran more than once`] : []),
    ...(outOfOrderCount > 0 ? [`${outOfOrderCount} jobs ran before one that they wait for`] : []),
  ];
}
