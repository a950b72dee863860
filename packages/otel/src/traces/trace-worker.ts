import { context as contexts, ROOT_CONTEXT, SpanKind } from "@opentelemetry/api";
import type { TracedClaim, TracedWorker, WorkerTrace } from "queuert";

import { attributeNames as names } from "../conventions/attributes.ts";
import { operationAttributes, type Operation } from "../conventions/operations.ts";
import type { Emitters } from "../emitters.ts";
import type { SlotObserver } from "../metrics/slot-observer.ts";
import { linkCountMax } from "./spans.ts";
import { decodeStoredTrace } from "./stored-trace.ts";
import { linkTo } from "./trace-context.ts";

/** Begins to observe a worker. */
export function traceWorker(
  emitters: Emitters,
  slots: SlotObserver,
  worker: TracedWorker,
): WorkerTrace {
  const { metrics, options } = emitters;
  slots.add(worker);
  return {
    detached: (run) => contexts.with(ROOT_CONTEXT, run),
    claimed({ jobs, durationMs, wokenBy }) {
      if (wokenBy !== undefined) metrics.recordWakeUp(wokenBy, jobs.length);
      if (jobs.length === 0) return;
      const operation = claimOf(jobs);
      metrics.recordOperation(operation, durationMs);
      if (options.instrument.receive)
        traceClaim(emitters, operation, jobs, durationMs, worker.name);
    },
    renewed: () => metrics.recordRenewal(),
    ended: () => slots.delete(worker),
  };
}

function claimOf(jobs: readonly TracedClaim[]): Operation {
  const types = new Set(jobs.map(({ type }) => type));
  const destination = types.size === 1 ? jobs[0]!.type : undefined;
  return { name: "claim", type: "receive", destination };
}

/** The claim has committed already, so its span is told at once. */
function traceClaim(
  { tracer, system }: Emitters,
  operation: Operation,
  jobs: readonly TracedClaim[],
  durationMs: number,
  workerName: string,
): void {
  const endedAtMs = performance.now();
  const span = tracer.startSpan(
    "claim",
    {
      kind: SpanKind.CLIENT,
      startTime: endedAtMs - durationMs,
      attributes: {
        ...operationAttributes(system, operation),
        [names.clientId]: workerName,
        [names.batchMessageCount]: jobs.length,
      },
      links: jobs.slice(0, linkCountMax).flatMap(({ traceContext, jobId, chainId }) =>
        linkTo(decodeStoredTrace(traceContext).creation, "message", {
          [names.messageId]: jobId,
          [names.conversationId]: chainId,
        }),
      ),
    },
    ROOT_CONTEXT,
  );
  span.end(endedAtMs);
}
