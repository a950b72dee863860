import { formatUuidV7, type JobKey } from "../model/ids.ts";
import type { ChainFilter, JobFilter } from "../ports/state-reads.ts";
import type { ChainRow, JobRow } from "./rows.ts";
import type { Tables } from "./tables.ts";

type Order = "newest" | "oldest";

/** The chains that fit a filter, beyond `after`, in the order of their ids. */
export function* walkChains(
  tables: Tables,
  filter: ChainFilter,
  order: Order,
  after: string | undefined,
): Generator<ChainRow, void> {
  const from = filter.createdAfter === undefined ? undefined : firstIdAt(filter.createdAfter);
  const until = filter.createdBefore === undefined ? undefined : firstIdAt(filter.createdBefore);
  const isBelow = (chainId: string): boolean => from !== undefined && chainId < from;
  const isAbove = (chainId: string): boolean => until !== undefined && chainId >= until;
  const chainIds =
    order === "oldest"
      ? tables.chainIds.ascending(
          (chainId) => isBelow(chainId) || (after !== undefined && chainId <= after),
        )
      : tables.chainIds.descending(
          (chainId) => isAbove(chainId) || (after !== undefined && chainId >= after),
        );
  for (const chainId of chainIds) {
    if (order === "oldest" ? isAbove(chainId) : isBelow(chainId)) return;
    const chain = tables.chains.get(chainId)!;
    if (fitsChain(chain, filter)) yield chain;
  }
}

function fitsChain(chain: ChainRow, filter: ChainFilter): boolean {
  const { types, statuses, label } = filter;
  if (types !== undefined && !types.includes(chain.type)) return false;
  if (statuses !== undefined && !statuses.includes(chain.status)) return false;
  return (
    label === undefined ||
    (Object.hasOwn(chain.labels, label.key) && chain.labels[label.key] === label.value)
  );
}

const idTimeMsMax = 2 ** 48 - 1;
const noRandom = new Uint8Array(10);

/** The lowest id that can be made at an instant. */
function firstIdAt(instant: Date): string {
  return formatUuidV7(Math.min(Math.max(0, instant.getTime()), idTimeMsMax), 0, noRandom);
}

/** The jobs that fit a filter, beyond `after`, in the order of their keys. */
export function* walkJobs(
  tables: Tables,
  filter: JobFilter,
  order: Order,
  after: JobKey | undefined,
): Generator<JobRow, void> {
  for (const chainId of walkChainIds(tables, filter, order, after)) {
    for (const row of walkChainJobs(
      tables,
      chainId,
      order,
      after?.chainId === chainId ? after.chainIndex : undefined,
    )) {
      if (fitsJob(row, filter)) yield row;
    }
  }
}

function walkChainIds(
  tables: Tables,
  filter: JobFilter,
  order: Order,
  after: JobKey | undefined,
): Iterable<string> {
  const isPassed = (chainId: string): boolean =>
    after !== undefined && (order === "oldest" ? chainId < after.chainId : chainId > after.chainId);
  if (filter.chainId !== undefined) {
    return tables.chains.get(filter.chainId) === undefined || isPassed(filter.chainId)
      ? []
      : [filter.chainId];
  }
  return order === "oldest"
    ? tables.chainIds.ascending(isPassed)
    : tables.chainIds.descending(isPassed);
}

function* walkChainJobs(
  tables: Tables,
  chainId: string,
  order: Order,
  afterIndex: number | undefined,
): Generator<JobRow, void> {
  const jobs = tables.chainJobs.get(chainId)!;
  if (order === "oldest") {
    for (let chainIndex = (afterIndex ?? -1) + 1; chainIndex < jobs.length; chainIndex++)
      yield jobs[chainIndex]!;
  } else {
    for (
      let chainIndex = Math.min(afterIndex ?? jobs.length, jobs.length) - 1;
      chainIndex >= 0;
      chainIndex--
    )
      yield jobs[chainIndex]!;
  }
}

function fitsJob(row: JobRow, filter: JobFilter): boolean {
  const { types, statuses, workerId } = filter;
  if (types !== undefined && !types.includes(row.type)) return false;
  if (statuses !== undefined && !statuses.includes(row.status)) return false;
  return workerId === undefined || row.workerId === workerId;
}
