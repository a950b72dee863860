import type { Attributes } from "@opentelemetry/api";

/**
 * The version of the OpenTelemetry semantic conventions that names and values follow. The messaging conventions are not stable yet, so their names
 * are written out here: the package of constants would move them under our feet.
 */
export const conventionsVersion = "1.45.0";
export const schemaUrl: string = `https://opentelemetry.io/schemas/${conventionsVersion}`;

/** The name of the instrumentation scope. */
export const scopeName = "@queuert/otel";

/** The value of `messaging.system.name`. */
const systemName = "queuert";

/** Names of the conventions. */
export const attributeNames = {
  system: "messaging.system.name",
  /** The name of `system` up to version 1.44 of the conventions. */
  deprecatedSystem: "messaging.system",
  operationName: "messaging.operation.name",
  operationType: "messaging.operation.type",
  destination: "messaging.destination.name",
  messageId: "messaging.message.id",
  conversationId: "messaging.message.conversation_id",
  clientId: "messaging.client.id",
  batchMessageCount: "messaging.batch.message_count",
  errorType: "error.type",
} as const;

/** Names of our own, where the conventions have none. */
export const ownAttributeNames = {
  chainType: "queuert.chain.type",
  chainStatus: "queuert.chain.status",
  isDeduplicated: "queuert.chain.deduplicated",
  deduplication: "queuert.chain.deduplication",
  chainDuration: "queuert.chain.duration",
  labelPrefix: "queuert.chain.label.",
  attempt: "queuert.job.attempt",
  jobState: "queuert.job.state",
  scheduledAt: "queuert.job.scheduled_at",
  waitDuration: "queuert.job.wait.duration",
  blockedDuration: "queuert.job.blocked.duration",
  retryAt: "queuert.job.retry_at",
  outcome: "queuert.attempt.outcome",
  lostReason: "queuert.attempt.lost_reason",
  retryReason: "queuert.retry.reason",
  abortReason: "queuert.attempt.abort_reason",
  willRetry: "queuert.attempt.will_retry",
  nextType: "queuert.job.next.type",
  nextId: "queuert.job.next.id",
  traceMode: "queuert.trace.mode",
  linkRelation: "queuert.link.relation",
  blockerCount: "queuert.blocker.count",
  blockerSlot: "queuert.blocker.slot",
  blockerChainId: "queuert.blocker.chain.id",
  blockerChainType: "queuert.blocker.chain.type",
  isDeferred: "queuert.chain.start.deferred",
  isTimedOut: "queuert.wait.timed_out",
  workerId: "queuert.worker.id",
  workerTypes: "queuert.worker.types",
  workerSlotCount: "queuert.worker.slot.limit",
  outageDuration: "queuert.store.outage.duration",
  deletionReason: "queuert.chain.deletion.reason",
  slotState: "queuert.worker.slot.state",
  wakeUpSource: "queuert.worker.wakeup.source",
  wakeUpResult: "queuert.worker.wakeup.result",
  actor: "queuert.actor",
  action: "queuert.action",
  actionReason: "queuert.action.reason",
  affectedCount: "queuert.action.affected_count",
  callback: "queuert.callback",
} as const;

/** Makes the attributes that every span and metric has. `isDeprecatedToo`: also under the names of older conventions. */
export function createSystemAttributes(isDeprecatedToo: boolean): Attributes {
  return {
    [attributeNames.system]: systemName,
    ...(isDeprecatedToo ? { [attributeNames.deprecatedSystem]: systemName } : {}),
  };
}

/** Whether names of older conventions are to be left out: the user's environment has opted in to those of today, and not to both. */
export function hasOptedIn(optIn: string | undefined): boolean {
  return (optIn ?? "").split(",").some((entry) => entry.trim() === "messaging");
}

/** A duration as the conventions count it. */
export function toSeconds(ms: number): number {
  return ms / 1_000;
}
