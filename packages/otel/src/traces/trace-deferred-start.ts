import { ROOT_CONTEXT, SpanKind, trace, type Context } from "@opentelemetry/api";
import type { EmittedEvent } from "queuert";

import { attributeNames as names, ownAttributeNames as own } from "../conventions/attributes.ts";
import { operationAttributes } from "../conventions/operations.ts";
import type { Emitters } from "../emitters.ts";
import { decodeStoredTrace } from "./stored-trace.ts";

/**
 * Makes the span of a start that nobody could observe, once its first claim has proved it: at its own time, in the trace that was active
 * there. Answers its context.
 */
export function traceDeferredStart(
  { tracer, system }: Emitters,
  event: Extract<EmittedEvent, { name: "chain.started" }>,
): Context {
  const { chainId, chainType, traceContext, startedAtMs = event.atMs } = event;
  const { creation } = decodeStoredTrace(traceContext);
  const span = tracer.startSpan(
    `start_chain ${chainType}`,
    {
      kind: SpanKind.PRODUCER,
      attributes: {
        ...operationAttributes(system, {
          name: "start_chain",
          type: "send",
          destination: chainType,
        }),
        [names.conversationId]: chainId,
        [own.chainType]: chainType,
        [own.isDeferred]: true,
      },
      startTime: new Date(startedAtMs),
    },
    creation === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, creation),
  );
  span.end(new Date(startedAtMs));
  return trace.setSpan(ROOT_CONTEXT, span);
}
