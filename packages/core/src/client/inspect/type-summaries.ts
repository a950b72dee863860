import type { TypeStats, WorkerRecord } from "../../ports/state-reads.ts";
import type { JobTypeDefinition } from "../../types/job-types.ts";
import type { JobCounts, StatsSummary, TypeSummary } from "./inspect-api.ts";

/** Where counting stops. */
export const countCap = 10_000;

const noCounts: JobCounts = { blocked: 0, scheduled: 0, ready: 0, running: 0, failed: 0 };

/** Everything that is known about job types: by definition, from the database, and from the workers. */
export interface TypeSources {
  readonly definitions: ReadonlyMap<string, JobTypeDefinition>;
  readonly stats: readonly TypeStats[];
  readonly pauses: readonly { readonly type: string; readonly isPaused: boolean }[];
  readonly workers: readonly WorkerRecord[];
}

/** One summary for each type that any source names, by name. */
export function summariseTypes({
  definitions,
  stats,
  pauses,
  workers,
}: TypeSources): readonly TypeSummary[] {
  const statsByType = new Map(stats.map((entry) => [entry.type, entry]));
  const paused = new Set(pauses.filter(({ isPaused }) => isPaused).map(({ type }) => type));
  const live = workers.filter(({ isLive }) => isLive);
  const names = new Set([
    ...definitions.keys(),
    ...statsByType.keys(),
    ...pauses.map(({ type }) => type),
    ...workers.flatMap(({ types }) => types),
  ]);
  return [...names].toSorted(compareText).map((type) => ({
    type,
    definition: toDefinition(definitions.get(type)),
    isPaused: paused.has(type),
    counts: toCounts(statsByType.get(type)),
    oldestReadyMs: statsByType.get(type)?.oldestReadyMs ?? null,
    workers: live
      .filter(({ types }) => types.includes(type))
      .map(({ workerId, name }) => ({ workerId, name })),
  }));
}

/** The installation at a glance, from the same sources. */
export function summariseStats(sources: TypeSources): StatsSummary {
  const types = summariseTypes(sources);
  const counts = types.map((type) => type.counts);
  const sum = (status: keyof JobCounts): number =>
    counts.reduce((total, count) => total + count[status], 0);
  const oldest = types.flatMap(({ oldestReadyMs }) =>
    oldestReadyMs === null ? [] : [oldestReadyMs],
  );
  const liveWorkerCount = sources.workers.filter(({ isLive }) => isLive).length;
  return {
    counts: {
      blocked: sum("blocked"),
      scheduled: sum("scheduled"),
      ready: sum("ready"),
      running: sum("running"),
      failed: sum("failed"),
    },
    isCapped: counts.some((count) => Object.values(count).some((value) => value >= countCap)),
    oldestReadyMs: oldest.length === 0 ? null : Math.max(...oldest),
    liveWorkerCount,
    expiredWorkerCount: sources.workers.length - liveWorkerCount,
    pausedTypes: types.filter(({ isPaused }) => isPaused).map(({ type }) => type),
    typesWithoutWorker: types
      .filter((type) => type.workers.length === 0 && type.counts.ready + type.counts.scheduled > 0)
      .map(({ type }) => type),
  };
}

function toDefinition(definition: JobTypeDefinition | undefined): TypeSummary["definition"] {
  if (definition === undefined) return null;
  const { isEntry, continueWith } = definition;
  const blockers = Object.entries(definition.blockers).map(([slot, { type, isList }]) => ({
    slot,
    type,
    isList,
  }));
  return { isEntry, continueWith, blockers };
}

function toCounts(stats: TypeStats | undefined): JobCounts {
  if (stats === undefined) return noCounts;
  const { blocked, scheduled, ready, running, failed } = stats.counts;
  return { blocked, scheduled, ready, running, failed };
}

/** By code unit: the same order in every locale. */
function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
