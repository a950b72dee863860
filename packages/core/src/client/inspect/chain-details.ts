import { formatJobId } from "../../model/ids.ts";
import type { ChainRecord, ChainGraph } from "../../ports/state-reads.ts";
import type { ChainDetails, ChainLink, JobPage } from "./inspect-api.ts";
import { readEnding, type PayloadReader } from "./read-payloads.ts";
import { toChainSummary } from "./summaries.ts";

/** A chain with what belongs to it, from the reads of it. */
export function toChainDetails(
  reads: { readonly record: ChainRecord; readonly jobs: JobPage; readonly graph: ChainGraph },
  payloads: PayloadReader,
): ChainDetails {
  const { record, jobs, graph } = reads;
  const { chainId, last, status } = record;
  const owner = { chainId, chainIndex: last.chainIndex, type: last.type };
  const chains = new Map(graph.chains.map((chain) => [chain.chainId, toChainSummary(chain)]));
  const toLink = (
    { job, slot, ordinal }: ChainGraph["edges"][number],
    otherId: string,
  ): ChainLink => ({
    jobId: formatJobId(job),
    slot,
    ordinal,
    chainId: otherId,
    chain: chains.get(otherId) ?? null,
  });
  return {
    ...toChainSummary(record),
    output: payloads.value(record.output, "output", owner),
    ...readEnding(payloads, { status, text: record.error }, owner),
    jobs,
    blockers: graph.edges
      .filter(({ job }) => job.chainId === chainId)
      .map((edge) => toLink(edge, edge.blockedBy)),
    dependants: graph.edges
      .filter(({ blockedBy }) => blockedBy === chainId)
      .map((edge) => toLink(edge, edge.job.chainId)),
    isTruncated: graph.isTruncated,
  };
}
