import type { ActionResult, JobStatus } from "queuert/adapter";

/** As the functions answer for one chain: the job that was acted upon; nothing where that was not possible; null where there is no such chain. */
export type ActedRow =
  | readonly [chainIndex: number, type: string, status: JobStatus]
  | readonly []
  | null;

export function decodeActions<TDone extends string, TNotPossible extends string>(
  chainIds: readonly string[],
  rows: readonly ActedRow[],
  done: TDone,
  notPossible: TNotPossible,
): readonly ActionResult<TDone | "notFound" | TNotPossible>[] {
  return rows.map((row, index) => {
    const chainId = chainIds[index]!;
    if (row === null) return { chainId, outcome: "notFound" };
    if (row.length === 0) return { chainId, outcome: notPossible };
    const [chainIndex, type, status] = row;
    return { chainId, outcome: done, job: { chainId, chainIndex, type, status } };
  });
}
