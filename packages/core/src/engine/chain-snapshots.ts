import {
  ChainCancelledError,
  ChainFailedError,
  ChainNotFoundError,
} from "../errors/chain-errors.ts";
import { decodeCancelReason } from "../model/cancel-reason.ts";
import { decodeError, toError } from "../model/error-codec.ts";
import { formatJobId } from "../model/ids.ts";
import type { ChainRecord } from "../ports/state-reads.ts";
import type { ChainSnapshot, CompletedChain } from "../types/chain.ts";
import type { MergedJobTypes } from "../types/merge-job-types.ts";
import type { EngineContext } from "./context.ts";
import { readPayload } from "./payloads.ts";

/** Reads a chain as it stands; `undefined` when there is none. */
export async function getChain<TTransaction>(
  context: EngineContext<TTransaction>,
  chainId: string,
): Promise<ChainSnapshot | undefined> {
  const [record] = await context.state.getChains({ tx: undefined, chainIds: [chainId] });
  return record === undefined ? undefined : toSnapshot(context.jobTypes, record);
}

async function toSnapshot(jobTypes: MergedJobTypes, record: ChainRecord): Promise<ChainSnapshot> {
  const shared = {
    id: record.chainId,
    type: record.type,
    createdAt: record.createdAt,
    closedAt: record.closedAt ?? null,
    labels: record.labels,
  };
  switch (record.status) {
    case "open":
      return { ...shared, status: "open" };
    case "completed":
      return { ...shared, status: "completed", output: await readOutput(jobTypes, record) };
    case "failed":
      return { ...shared, status: "failed", error: decodeError(record.error ?? "") };
    case "cancelled":
      return { ...shared, status: "cancelled", reason: decodeCancelReason(record.error) ?? null };
  }
}

/** What `awaitChain` gives for a chain that is closed: its output, or the error of how it ended. */
export async function toCompletedChain(
  jobTypes: MergedJobTypes,
  record: ChainRecord,
): Promise<CompletedChain> {
  const { chainId } = record;
  if (record.status === "failed") {
    const error = decodeError(record.error ?? "");
    const jobId = formatJobId({ chainId, chainIndex: record.last.chainIndex });
    throw new ChainFailedError(
      { chainId, jobId, message: error.message },
      { cause: toError(error) },
    );
  }
  if (record.status === "cancelled")
    throw new ChainCancelledError({ chainId, reason: decodeCancelReason(record.error) });
  if (record.status === "open") throw new ChainNotFoundError({ chainId });
  return {
    id: chainId,
    type: record.type,
    status: "completed",
    output: await readOutput(jobTypes, record),
  };
}

function readOutput(jobTypes: MergedJobTypes, record: ChainRecord): Promise<unknown> {
  return readPayload(jobTypes, record.last.type, "output", record.output);
}
