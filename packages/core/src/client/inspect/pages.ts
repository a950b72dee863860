import { OptionInvalidError } from "../../errors/value-errors.ts";
import { decodeCursor, encodeCursor, type CursorList } from "../../model/cursor.ts";
import type { JobKey } from "../../model/ids.ts";
import { checkNumber } from "../../model/options.ts";
import type { PageOptions } from "./inspect-api.ts";

const pageLimitDefault = 50;
const pageLimitMax = 200;

/** A page as the port reads it. */
interface PageRequest {
  readonly order: "newest" | "oldest";
  readonly after: JobKey | undefined;
  /** One more than is shown: whether that one comes tells whether there is a next page. */
  readonly limit: number;
}

/** Reads a page of a list of `kind`. Throws `OptionInvalidError`, `CursorInvalidError`. */
export async function readPage<TRecord extends { readonly chainId: string }>(
  kind: "chains" | "jobs",
  options: PageOptions,
  read: (request: PageRequest) => Promise<readonly TRecord[]>,
): Promise<{ readonly records: readonly TRecord[]; readonly nextCursor?: string }> {
  const order = checkOrder(options.order);
  const limit = checkNumber(options.limit ?? pageLimitDefault, "limit", {
    min: 1,
    max: pageLimitMax,
    isWhole: true,
  });
  const list: CursorList = `${kind}:${order}`;
  const after = options.cursor === undefined ? undefined : decodeCursor(list, options.cursor);
  const found = await read({ order, after, limit: limit + 1 });
  const records = found.slice(0, limit);
  const last = records.at(-1);
  return found.length > limit && last !== undefined
    ? { records, nextCursor: encodeCursor(list, keyOf(last)) }
    : { records };
}

function checkOrder(order: PageOptions["order"] = "newest"): "newest" | "oldest" {
  if (order === "newest" || order === "oldest") return order;
  throw new OptionInvalidError(`order is "${String(order)}". Give "newest" or "oldest".`, {
    option: "order",
  });
}

/** A chain is named by the key of its first job. */
function keyOf(record: { readonly chainId: string; readonly chainIndex?: number }): JobKey {
  return { chainId: record.chainId, chainIndex: record.chainIndex ?? 0 };
}
