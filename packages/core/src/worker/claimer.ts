import { formatJobId } from "../model/ids.ts";
import type { ClaimedJob, ClaimRequest } from "../ports/state-adapter.ts";
import type { Runner } from "./runner.ts";
import type { WorkerState } from "./worker-state.ts";

/** Decides what to claim, and hands what came to the runner. */
export class Claimer<TTransaction> {
  readonly #state: WorkerState<TTransaction>;
  readonly #runner: Runner<TTransaction>;
  #claimCount = 0;

  constructor(state: WorkerState<TTransaction>, runner: Runner<TTransaction>) {
    this.#state = state;
    this.#runner = runner;
  }

  /** What to ask for; `undefined` when there is no room, or no hope. The first type changes with each claim, so that none starves. */
  nextRequest(): ClaimRequest | undefined {
    const { phase, isMoreLikely, pace, holdings, context } = this.#state;
    if (phase !== "running" || !isMoreLikely) return undefined;
    const target = pace.aheadCount;
    const room = Math.max(0, target - holdings.heldCount);
    // Filled up when half is used, or half an exchange's worth, so that a claim brings several.
    const ahead = room * 2 >= Math.min(target, context.exchangeSizeMax) ? room : 0;
    const request = holdings.claimRequest(ahead, this.#claimCount++);
    // Now and not with the answer: who says meanwhile that there is more speaks of what this claim may not have seen.
    if (request !== undefined) this.#state.isMoreLikely = false;
    return request;
  }

  /** `durationMs`: how long the exchange took that brought the jobs. */
  take(
    request: ClaimRequest | undefined,
    claimed: readonly ClaimedJob[],
    durationMs: number,
  ): void {
    if (request === undefined) return;
    this.#tellTrace(claimed, durationMs);
    for (const job of claimed) {
      this.#announce(job);
      this.#runner.take(job);
    }
    if (mayBeMore(request, claimed)) this.#state.isMoreLikely = true;
    this.#runner.fillSlots();
    if (this.#state.isMoreLikely && this.#state.holdings.freeSlotCount > 0)
      this.#state.requestTurn();
  }

  /** The first claim of a chain proves that the transaction which started it has committed (P6). */
  #announce(job: ClaimedJob): void {
    if (!job.isUnannounced) return;
    const { chainId, chainType, traceContext } = job;
    this.#state.context.events.emit([
      {
        name: "chain.started",
        chainId,
        chainType,
        jobStatus: "ready",
        isDeferred: true,
        startedAtMs: job.createdAt.getTime(),
        ...(traceContext === undefined ? {} : { traceContext }),
      },
    ]);
  }

  #tellTrace(claimed: readonly ClaimedJob[], durationMs: number): void {
    const { trace, wokenBy } = this.#state;
    this.#state.wokenBy = undefined;
    if (trace === undefined) return;
    const jobs = claimed.map((job) => ({
      jobId: formatJobId(job),
      chainId: job.chainId,
      type: job.type,
      traceContext: job.traceContext,
    }));
    trace.claimed({ jobs, durationMs, wokenBy });
  }
}

/** A claim that got all it asked for, in sum or of one type, says nothing about what is left. */
function mayBeMore(request: ClaimRequest, claimed: readonly ClaimedJob[]): boolean {
  const wanted = request.slots + request.ahead;
  if (claimed.length >= wanted) return true;
  return request.types.some(
    ({ type, limit }) =>
      limit < wanted && claimed.filter((job) => job.type === type).length >= limit,
  );
}
