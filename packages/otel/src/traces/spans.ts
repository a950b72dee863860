import {
  context as contexts,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanContext,
} from "@opentelemetry/api";
import type { TracedJob } from "queuert";

import { attributeNames as names, ownAttributeNames as own } from "../conventions/attributes.ts";
import { errorMessageOf } from "../conventions/error-type.ts";
import { operationAttributes, type Operation } from "../conventions/operations.ts";
import type { Emitters } from "../emitters.ts";
import type { RecentChains } from "./recent-chains.ts";
import { encodeStoredTrace, type StoredTrace } from "./stored-trace.ts";
import { linkTo } from "./trace-context.ts";

/** Links of one kind on a span, at most: a job may wait for hundreds of chains, an action may name a thousand. */
export const linkCountMax = 32;

/** What a span says of a job that it creates. */
export function newJobAttributes(job: TracedJob): Attributes {
  const { jobId, chainId, scheduledAtMs, blockerChainIds } = job;
  return {
    [names.conversationId]: chainId,
    ...(jobId === undefined ? {} : { [names.messageId]: jobId }),
    ...(scheduledAtMs === undefined
      ? {}
      : { [own.scheduledAt]: new Date(scheduledAtMs).toISOString() }),
    ...(blockerChainIds.length === 0 ? {} : { [own.blockerCount]: blockerChainIds.length }),
  };
}

/** What a job waits for, as far as this process has started it. */
export function blockerLinks(job: TracedJob, recentChains: RecentChains): readonly Link[] {
  return job.blockerChainIds
    .slice(0, linkCountMax)
    .flatMap((chainId) =>
      linkTo(recentChains.find(chainId), "blocker", { [own.blockerChainId]: chainId }),
    );
}

/** Starts the span that creates a job, beside that of the call or the attempt which does it. */
export function startJobSpan(
  { tracer, system, recentChains }: Emitters,
  name: "create" | "continue_with",
  job: TracedJob,
  parent: Context,
): Span {
  const type = name === "create" ? "create" : "send";
  const operation: Operation = { name, type, destination: job.type };
  return tracer.startSpan(
    `${name} ${job.type}`,
    {
      kind: SpanKind.PRODUCER,
      attributes: {
        ...operationAttributes(system, operation),
        ...newJobAttributes(job),
        ...(name === "create" ? { [own.chainType]: job.type } : {}),
      },
      links: [...blockerLinks(job, recentChains)],
    },
    parent,
  );
}

/** What is stored with a job that `creation` creates. */
export function encodeCreation(
  { options }: Emitters,
  creation: SpanContext,
  more: Pick<StoredTrace, "predecessor" | "sinceMs"> = {},
): string | undefined {
  if (options.traceMode === "none") return undefined;
  return encodeStoredTrace({
    creation,
    sinceMs: Date.now(),
    ...more,
    context: options.hasBaggage ? contexts.active() : ROOT_CONTEXT,
  });
}

/** What is stored with a job that `attempt` has ended, in place of what was: the same, with this attempt as the last. */
export function encodeEnded(
  { options }: Emitters,
  attempt: SpanContext,
  stored: StoredTrace = { creation: undefined },
): string | undefined {
  return options.traceMode === "none" ? undefined : encodeStoredTrace({ ...stored, attempt });
}

export function setError(span: Span, errorType: string, error: unknown): void {
  const message = errorMessageOf(error);
  span.setAttribute(names.errorType, errorType);
  span.setStatus({
    code: SpanStatusCode.ERROR,
    ...(message === undefined ? {} : { message }),
  });
}
