import { formatJobId, type JobKey } from "../model/ids.ts";
import type { WakeUpTopic } from "../ports/notify-adapter.ts";
import type { SettleEffects } from "../ports/state-adapter.ts";
import type { DomainEvent } from "../ports/telemetry.ts";
import type { Signals } from "./signals.ts";

/** The job that was settled, and what it went on with. */
export interface SettledJob extends JobKey {
  readonly type: string;
  readonly chainType: string;
  /** The type of the next job, when it was continued. */
  readonly nextType?: string | undefined;
}

/** What everyone else has to hear when a job was settled: who may run, which chain closed. To be sent after the commit (P6). */
export function settleSignals(job: SettledJob, effects: SettleEffects): Signals {
  const events: DomainEvent[] = [];
  const topics: WakeUpTopic[] = [];
  const chain = { chainId: job.chainId, chainType: job.chainType };
  if (job.nextType !== undefined) {
    const nextJobId = formatJobId({ chainId: job.chainId, chainIndex: job.chainIndex + 1 });
    events.push({
      name: "job.continued",
      ...chain,
      jobId: formatJobId(job),
      type: job.type,
      nextType: job.nextType,
      nextJobId,
      nextStatus: effects.waiting?.status ?? "running",
    });
  }
  if (effects.waiting !== undefined && effects.waiting.status !== "blocked")
    topics.push({ kind: "type", type: effects.waiting.type });
  if (effects.chainStatus !== undefined && effects.chainStatus !== "open") {
    events.push({
      name: "chain.closed",
      ...chain,
      status: effects.chainStatus,
      durationMs: effects.chainDurationMs!,
      jobCount: job.chainIndex + 1,
    });
    topics.push({ kind: "chain", chainId: job.chainId });
  }
  for (const unblocked of effects.unblocked) {
    events.push({
      name: "job.unblocked",
      jobId: formatJobId(unblocked),
      chainId: unblocked.chainId,
      type: unblocked.type,
      blockedMs: unblocked.blockedMs,
    });
    topics.push({ kind: "type", type: unblocked.type });
  }
  return { events, topics };
}
