import type { Attributes } from "@opentelemetry/api";

import { attributeNames as names } from "./attributes.ts";

/** The operations that spans and metrics name. */
export type OperationName =
  | "start_chain"
  | "start_chains"
  | "create"
  | "claim"
  | "process"
  | "complete"
  | "fail"
  | "reschedule"
  | "release"
  | "continue_with"
  | "wait"
  | "cancel"
  | "redrive"
  | "trigger"
  | "delete"
  | "pause"
  | "resume";

/** Kinds of operations, as the conventions know them. */
export type OperationType = "create" | "send" | "receive" | "process" | "settle";

/** What is done, and to what, as the conventions have it. */
export interface Operation {
  readonly name: OperationName;
  readonly type: OperationType;
  /** The job type, where there is one only. */
  readonly destination: string | undefined;
}

export function operationAttributes(
  system: Attributes,
  { name, type, destination }: Operation,
): Attributes {
  return {
    ...system,
    [names.operationName]: name,
    [names.operationType]: type,
    ...(destination === undefined ? {} : { [names.destination]: destination }),
  };
}
