import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatJobId } from "../model/ids.ts";
import { jobStatuses } from "../model/status.ts";
import { Journal } from "./journal.ts";
import type { BlockersRow, ChainRow, DeduplicationRow, JobRow } from "./rows.ts";
import { createTables, type Tables } from "./tables.ts";

const chainIds = ["a", "b", "c"];
const types = ["one", "two"];
const workerIds = ["first", "second"];

function jobRow(fields: Partial<JobRow>): JobRow {
  return {
    chainId: "a",
    chainIndex: 0,
    type: "one",
    chainType: "one",
    status: "ready",
    priority: 5,
    attempt: 0,
    claimNo: 0,
    isStarted: false,
    isSuspect: false,
    isUnannounced: false,
    createdAtMs: 0,
    scheduledAtMs: 0,
    readyAtMs: 0,
    claimedAtMs: undefined,
    completedAtMs: undefined,
    workerId: "first",
    completedBy: undefined,
    openBlockers: 0,
    input: undefined,
    output: undefined,
    error: undefined,
    progress: undefined,
    traceContext: undefined,
    ...fields,
  };
}

function chainRow(chainId: string): ChainRow {
  return {
    chainId,
    type: "one",
    status: "open",
    createdAtMs: 0,
    closedAtMs: undefined,
    lastIndex: 0,
    labels: {},
    dependents: 0,
    deduplicationId: undefined,
  };
}

type Write = (journal: Journal) => void;

const anyChainId = fc.constantFrom(...chainIds);
const anyKey = fc.record({ chainId: anyChainId, chainIndex: fc.nat({ max: 1 }) });
const smallTime = fc.nat({ max: 3 });

const anyJobWrite: fc.Arbitrary<Write> = fc
  .record({
    key: anyKey,
    fields: fc.record({
      type: fc.constantFrom(...types),
      status: fc.constantFrom(...jobStatuses),
      priority: fc.nat({ max: 2 }),
      readyAtMs: smallTime,
      scheduledAtMs: smallTime,
      workerId: fc.constantFrom(...workerIds),
    }),
    isThere: fc.boolean(),
  })
  .map(
    ({ key, fields, isThere }) =>
      (journal) =>
        journal.put("jobs", formatJobId(key), isThere ? jobRow({ ...key, ...fields }) : undefined),
  );

const anyChainWrite: fc.Arbitrary<Write> = fc.tuple(anyChainId, fc.boolean()).map(
  ([chainId, isThere]) =>
    (journal) =>
      journal.put("chains", chainId, isThere ? chainRow(chainId) : undefined),
);

const anyBlockersWrite: fc.Arbitrary<Write> = fc
  .tuple(anyKey, fc.array(anyChainId, { maxLength: 3 }), fc.boolean())
  .map(([key, blocking, isThere]) => (journal) => {
    const row: BlockersRow = {
      ...key,
      blockers: blocking.map((chainId, ordinal) => ({ slot: "slot", ordinal, chainId })),
    };
    journal.put("blockers", formatJobId(key), isThere ? row : undefined);
  });

const anyDeduplicationWrite: fc.Arbitrary<Write> = fc
  .tuple(anyChainId, fc.option(smallTime, { nil: undefined }), fc.boolean())
  .map(([chainId, expiresAtMs, isThere]) => (journal) => {
    const row: DeduplicationRow = {
      deduplicationId: chainId,
      chainId,
      keptUntilMs: expiresAtMs,
      expiresAtMs,
    };
    journal.put("deduplications", chainId, isThere ? row : undefined);
  });

const anyWrites = fc.array(
  fc.oneof(anyJobWrite, anyChainWrite, anyBlockersWrite, anyDeduplicationWrite),
  { maxLength: 40 },
);

/** All that a reader can find in tables, by their indexes too. */
function snapshot(tables: Tables): unknown {
  const { jobIndex } = tables;
  const listed = <TEntry>(entries: { ascending(): Iterable<TEntry> } | undefined): TEntry[] => [
    ...(entries?.ascending() ?? []),
  ];
  return {
    chains: chainIds.map((chainId) => tables.chains.get(chainId)),
    jobs: chainIds.flatMap((chainId) =>
      [0, 1].map((chainIndex) => tables.jobs.get(formatJobId({ chainId, chainIndex }))),
    ),
    chainIds: listed(tables.chainIds),
    ready: types.map((type) => listed(jobIndex.ready(type))),
    scheduled: listed(jobIndex.scheduled),
    running: workerIds.map((workerId) => listed(jobIndex.running(workerId))),
    counts: types.map((type) => ({
      blocked: 0,
      scheduled: 0,
      ready: 0,
      running: 0,
      failed: 0,
      ...jobIndex.counts().get(type),
    })),
    waiters: chainIds.map((chainId) => listed(tables.waiters.get(chainId))),
    expiring: listed(tables.expiring),
  };
}

function openJournal(): {
  readonly live: Tables;
  readonly committed: Tables;
  readonly journal: Journal;
} {
  const [live, committed] = [createTables(), createTables()];
  return { live, committed, journal: new Journal({ live, committed }) };
}

describe("a journal", () => {
  test("undoes to a mark exactly what came after it, in rows and indexes", () => {
    fc.assert(
      fc.property(anyWrites, anyWrites, (before, after) => {
        const { live, journal } = openJournal();
        for (const write of before) write(journal);
        const mark = journal.mark();
        const expected = snapshot(live);
        for (const write of after) write(journal);
        journal.undoTo(mark);
        expect(snapshot(live)).toEqual(expected);
        journal.undoTo(0);
        expect(snapshot(live)).toEqual(snapshot(createTables()));
      }),
    );
  });

  test("P1: shows nothing to readers outside before the commit, and all of it after", () => {
    fc.assert(
      fc.property(anyWrites, anyWrites, anyWrites, (first, undone, second) => {
        const { live, committed, journal } = openJournal();
        for (const write of first) write(journal);
        journal.commit();
        const expected = snapshot(committed);
        expect(expected).toEqual(snapshot(live));
        for (const write of undone) write(journal);
        expect(snapshot(committed)).toEqual(expected);
        journal.undoTo(0);
        for (const write of second) write(journal);
        expect(snapshot(committed)).toEqual(expected);
        journal.commit();
        expect(snapshot(committed)).toEqual(snapshot(live));
      }),
    );
  });
});

describe("ready jobs", () => {
  test("stand by priority, then ready time, then key, whatever order they came in", () => {
    const anyReady = fc.uniqueArray(
      fc.record({
        chainId: fc.constantFrom("a", "b", "c", "d"),
        chainIndex: fc.nat({ max: 3 }),
        priority: fc.nat({ max: 9 }),
        readyAtMs: smallTime,
      }),
      { selector: formatJobId },
    );
    fc.assert(
      fc.property(anyReady, (fields) => {
        const { live, journal } = openJournal();
        for (const field of fields) journal.put("jobs", formatJobId(field), jobRow(field));
        const rank = ({
          priority,
          readyAtMs,
          chainId,
          chainIndex,
        }: Pick<JobRow, "priority" | "readyAtMs" | "chainId" | "chainIndex">): string =>
          [priority, readyAtMs, chainId, chainIndex].join();
        const found = [...(live.jobIndex.ready("one")?.ascending() ?? [])].map(rank);
        // All parts are of one character, so that texts compare as their parts do.
        expect(found).toEqual(fields.map(rank).toSorted());
      }),
    );
  });
});
