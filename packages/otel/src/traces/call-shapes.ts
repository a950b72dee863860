import { SpanKind, type Attributes, type Link } from "@opentelemetry/api";
import type { TracedCall, TracedJob } from "queuert";

import { attributeNames as names, ownAttributeNames as own } from "../conventions/attributes.ts";
import type { Operation } from "../conventions/operations.ts";
import type { InstrumentOptions } from "../options.ts";
import type { RecentChains } from "./recent-chains.ts";
import { blockerLinks, linkCountMax, newJobAttributes } from "./spans.ts";
import { linkTo } from "./trace-context.ts";

/** With "auto", a call that starts more chains than this has one span for all. */
const createSpanCountMax = 20;

/** A call as its span shows it. */
export interface CallShape {
  readonly spanName: string;
  readonly kind: SpanKind;
  readonly operation: Operation;
  readonly attributes: Attributes;
  readonly links: readonly Link[];
  /** The jobs that it creates. */
  readonly jobs: readonly TracedJob[];
  /** Whose spans are theirs: the call's, one for each before it, or one beneath it. */
  readonly jobSpans: "call" | "create" | "continue";
}

/** What the span of a call will say of it. */
export function shapeCall(
  call: TracedCall,
  recentChains: RecentChains,
  createSpans: Required<InstrumentOptions>["createSpans"],
): CallShape {
  switch (call.name) {
    case "startChains":
      return call.isBatch
        ? shapeBatch(call.jobs, createSpans)
        : shapeStart(call.jobs[0]!, recentChains);
    case "completeChain": {
      const { chainId, type, next } = call;
      return {
        ...shape({ name: "complete", type: "settle", destination: type }),
        spanName: `complete_externally ${type}`,
        attributes: { [names.conversationId]: chainId },
        links: linkTo(recentChains.find(chainId), "creation"),
        jobs: next === undefined ? [] : [next],
        jobSpans: "continue",
      };
    }
    case "awaitChain": {
      const { chainId, chainType } = call;
      return {
        ...shape({ name: "wait", type: "receive", destination: chainType }),
        spanName: `wait_chain ${chainType}`,
        attributes: { [names.conversationId]: chainId, [own.chainType]: chainType },
        links: linkTo(recentChains.find(chainId), "creation"),
      };
    }
    case "pause":
    case "resume": {
      const { name, types, actor } = call;
      return {
        ...shape({ name, type: "settle", destination: onlyOf(types) }),
        attributes: { ...countAttributes(types.length), ...actorAttributes(actor) },
      };
    }
    default: {
      const { name, chainIds, actor } = call;
      const chainId = onlyOf(chainIds);
      return {
        ...shape({ name, type: "settle", destination: undefined }),
        attributes: {
          ...(chainId === undefined ? {} : { [names.conversationId]: chainId }),
          ...countAttributes(chainIds.length),
          ...actorAttributes(actor),
        },
        links: chainIds
          .slice(0, linkCountMax)
          .flatMap((affected) => linkTo(recentChains.find(affected), "creation")),
      };
    }
  }
}

function shapeStart(job: TracedJob, recentChains: RecentChains): CallShape {
  return {
    ...shape({ name: "start_chain", type: "send", destination: job.type }),
    kind: SpanKind.PRODUCER,
    attributes: { ...newJobAttributes(job), [own.chainType]: job.type },
    links: blockerLinks(job, recentChains),
    jobs: [job],
  };
}

function shapeBatch(
  jobs: readonly TracedJob[],
  createSpans: Required<InstrumentOptions>["createSpans"],
): CallShape {
  const hasOwnSpans = createSpans === "auto" ? jobs.length <= createSpanCountMax : createSpans;
  const types = [...new Set(jobs.map(({ type }) => type))];
  return {
    ...shape({ name: "start_chains", type: "send", destination: onlyOf(types) }),
    attributes: { [names.batchMessageCount]: jobs.length },
    jobs,
    jobSpans: hasOwnSpans ? "create" : "call",
  };
}

/** A call of a client that creates nothing and names nothing else. */
function shape(operation: Operation): CallShape {
  const { name, destination } = operation;
  return {
    spanName: destination === undefined ? name : `${name} ${destination}`,
    kind: SpanKind.CLIENT,
    operation,
    attributes: {},
    links: [],
    jobs: [],
    jobSpans: "call",
  };
}

function onlyOf(list: readonly string[]): string | undefined {
  return list.length === 1 ? list[0] : undefined;
}

/** The conventions want no count on a single message. */
function countAttributes(count: number): Attributes {
  return count === 1 ? {} : { [names.batchMessageCount]: count };
}

function actorAttributes(actor: string | undefined): Attributes {
  return actor === undefined ? {} : { [own.actor]: actor };
}
