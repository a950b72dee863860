import type { Attributes } from "@opentelemetry/api";
import type { AttemptSubject, ChainSubject } from "queuert";

import { attributeNames as names, ownAttributeNames as own } from "../conventions/attributes.ts";

// What log records say of a chain, a job or an attempt. Ids are welcome here; on metrics they are not.

export function chainAttributes({ chainId, chainType }: ChainSubject): Attributes {
  return { [names.conversationId]: chainId, [own.chainType]: chainType };
}

export function labelAttributes(labels: Readonly<Record<string, string>> = {}): Attributes {
  return Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [own.labelPrefix + key, value]),
  );
}

export function jobAttributes(subject: {
  readonly chainId: string;
  readonly chainType?: string;
  readonly jobId: string;
  readonly type: string;
}): Attributes {
  return {
    [names.destination]: subject.type,
    [names.messageId]: subject.jobId,
    [names.conversationId]: subject.chainId,
    ...definedAttributes({ [own.chainType]: subject.chainType }),
  };
}

export function attemptAttributes(subject: AttemptSubject): Attributes {
  return {
    ...jobAttributes(subject),
    [own.attempt]: subject.attempt,
    [own.workerId]: subject.workerId,
  };
}

/** What is known of the attributes given. */
export function definedAttributes(
  attributes: Readonly<Record<string, string | undefined>>,
): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
