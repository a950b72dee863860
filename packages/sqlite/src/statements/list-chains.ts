import {
  formatUuidV7,
  type ChainFilter,
  type ChainRecord,
  type ChainStatus,
} from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import type { SqliteValue } from "../providers/provider.ts";
import { getChain } from "./get-chains.ts";
import { listTypesIn } from "./list-types-in.ts";

/** Where a list of chains is read from, in the order of their ids: an index, and the part of it that holds them. */
interface ChainSource {
  /** Rows named `driver`, and the root beside them as `root` where they are none themselves. */
  readonly from: string;
  readonly driver: "root" | "found";
  readonly where: string;
  readonly values: readonly SqliteValue[];
}

const withRoot =
  "CROSS JOIN {job} AS root ON root.chain_id = found.chain_id AND root.chain_index = 0";
const filterBy = (column: string): string =>
  `(? IS NULL OR ${column} IN (SELECT value FROM json_each(?)))`;

/**
 * A page of chains. Filters by label, by type, and by the statuses open, failed and cancelled read an index in order. What is left scans
 * roots by id, newest or oldest first, until the page is full: that is long only for a filter that hardly any chain fits, such as
 * completed chains of a time when all failed.
 */
export function listChains(
  session: Session,
  params: {
    readonly filter: ChainFilter;
    readonly order: "newest" | "oldest";
    readonly after: string | undefined;
    readonly limit: number;
  },
): readonly ChainRecord[] {
  const { filter, order, after, limit } = params;
  const direction = order === "newest" ? "DESC" : "ASC";
  const chainIds = listSources(session, filter).flatMap((source) => {
    const { sql, values } = selectFrom(source, filter, order, after);
    const rows = session.all<{ chainId: string }>(
      `${sql} ORDER BY ${source.driver}.chain_id ${direction} LIMIT ?`,
      ...values,
      limit,
    );
    return rows.map(({ chainId }) => chainId);
  });
  chainIds.sort();
  if (order === "newest") chainIds.reverse();
  return chainIds
    .slice(0, limit)
    .map((chainId) => getChain(session, chainId, { hasPayload: false })!);
}

export function countChains(
  session: Session,
  { filter, cap }: { readonly filter: ChainFilter; readonly cap: number },
): number {
  let count = 0;
  for (const source of listSources(session, filter)) {
    if (count >= cap) break;
    const { sql, values } = selectFrom(source, filter, "oldest", undefined);
    count += session.first<{ count: number }>(
      `SELECT count(*) AS count FROM (${sql} LIMIT ?)`,
      ...values,
      cap - count,
    )!.count;
  }
  return count;
}

/** A chain stands in one source at most: it has one status and one type. */
function listSources(
  session: Session,
  { types, statuses, label }: ChainFilter,
): readonly ChainSource[] {
  if (label !== undefined) {
    const from = `{chain_label} AS found INDEXED BY {chain_label_by_value} ${withRoot}`;
    return [
      {
        from,
        driver: "found",
        where: "found.key = ? AND found.value = ?",
        values: [label.key, label.value],
      },
    ];
  }
  if (statuses !== undefined && !statuses.includes("completed")) {
    return [...new Set(statuses)].flatMap((status) =>
      listSourcesOf(session, status as Exclude<ChainStatus, "completed">),
    );
  }
  if (types !== undefined) {
    const from = "{job} AS root INDEXED BY {chain_by_type}";
    return [...new Set(types)].map((type) => ({
      from,
      driver: "root",
      where: "root.chain_index = 0 AND root.type = ?",
      values: [type],
    }));
  }
  return [{ from: "{job} AS root", driver: "root", where: "root.chain_index = 0", values: [] }];
}

function listSourcesOf(
  session: Session,
  status: Exclude<ChainStatus, "completed">,
): readonly ChainSource[] {
  return listTypesIn(session, status).map((type): ChainSource => {
    if (status === "open") {
      const where = "root.chain_index = 0 AND root.chain_status = 'open' AND root.type = ?";
      return {
        from: "{job} AS root INDEXED BY {chain_open}",
        driver: "root",
        where,
        values: [type],
      };
    }
    // The last job of such a chain, and no other, has the chain's status.
    const from = `{job} AS found INDEXED BY {job_${status}} ${withRoot}`;
    return {
      from,
      driver: "found",
      where: `found.status = '${status}' AND found.type = ?`,
      values: [type],
    };
  });
}

function selectFrom(
  { from, driver, where, values }: ChainSource,
  filter: ChainFilter,
  order: "newest" | "oldest",
  after: string | undefined,
): { readonly sql: string; readonly values: readonly SqliteValue[] } {
  const types = filter.types === undefined ? null : JSON.stringify(filter.types);
  const statuses = filter.statuses === undefined ? null : JSON.stringify(filter.statuses);
  const [first, end] = idRange(filter, order, after);
  return {
    sql: `
      SELECT ${driver}.chain_id AS chainId FROM ${from}
      WHERE ${where} AND ${driver}.chain_id >= ? AND ${driver}.chain_id < ? AND ${filterBy("root.type")} AND ${filterBy("root.chain_status")}`,
    values: [...values, first, end, types, types, statuses, statuses],
  };
}

/** Greater than any id. */
const idMax = "\u{10FFFF}";

/** The ids that a page may hold: from the first, up to the second and without it. */
function idRange(
  filter: ChainFilter,
  order: "newest" | "oldest",
  after: string | undefined,
): readonly [string, string] {
  const from = filter.createdAfter === undefined ? "" : firstIdAt(filter.createdAfter);
  const until = filter.createdBefore === undefined ? idMax : firstIdAt(filter.createdBefore);
  if (after === undefined) return [from, until];
  // The NUL makes the least text that is greater.
  const next = `${after}\u0000`;
  return order === "oldest"
    ? [next > from ? next : from, until]
    : [from, after < until ? after : until];
}

const noRandomBytes = new Uint8Array(10);
const idTimeMsMax = 2 ** 48 - 1;

/** The least id that can be made at an instant: ids begin with their time. */
function firstIdAt(instant: Date): string {
  return formatUuidV7(Math.min(Math.max(0, instant.getTime()), idTimeMsMax), 0, noRandomBytes);
}
