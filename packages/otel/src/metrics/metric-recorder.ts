import type { Attributes } from "@opentelemetry/api";
import type { EmittedEvent, WakeUpSource } from "queuert";

import {
  attributeNames as names,
  ownAttributeNames as own,
  toSeconds,
} from "../conventions/attributes.ts";
import { attemptErrorType, leaseLost } from "../conventions/error-type.ts";
import { operationAttributes, type Operation } from "../conventions/operations.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Instruments } from "./instruments.ts";

/** The calls that start chains, as `messaging.client.sent.messages` tells them apart. */
export type StartOperation = "start_chain" | "start_chains";

/** What is counted and measured. Attributes carry no ids: each value of one is a series of its own. */
export interface MetricRecorder {
  /** `startOperation`: the call that the event is of, where it started chains. */
  recordEvent(event: EmittedEvent, startOperation: StartOperation): void;
  /** `errorType`: it threw. */
  recordOperation(operation: Operation, durationMs: number, errorType?: string): void;
  /** A job that was not created. */
  recordUnsent(operation: Operation, type: string, errorType: string): void;
  recordWakeUp(source: WakeUpSource, claimedCount: number): void;
  recordRenewal(): void;
}

type Ended = Extract<EmittedEvent, { name: "attempt.ended" }>;

export function createMetricRecorder(
  instruments: Instruments,
  system: Attributes,
  { errorType, stuckAfterAttempts }: ResolvedOptions,
): MetricRecorder {
  const message = (operationName: string, destination: string): Attributes => ({
    ...system,
    [names.operationName]: operationName,
    [names.destination]: destination,
  });

  const recordEnd = (event: Ended): void => {
    const { type, outcome, attempt, durationMs } = event;
    const job = { [names.destination]: type };
    const error = attemptErrorType(event, errorType);
    const failure = error === undefined ? {} : { [names.errorType]: error };
    instruments.processDuration.record(toSeconds(durationMs), {
      ...message("process", type),
      ...failure,
      [own.outcome]: outcome,
    });
    if (outcome === "completed" || outcome === "continued" || outcome === "failed")
      instruments.jobAttempts.record(attempt, { ...job, [own.outcome]: outcome });
    if (outcome === "retried" || outcome === "rescheduled") {
      const reason = outcome === "retried" ? "error" : "rescheduled";
      instruments.jobRetries.add(1, { ...job, ...failure, [own.retryReason]: reason });
    }
    if (outcome === "retried" && attempt === stuckAfterAttempts) instruments.jobStuck.add(1, job);
  };

  return {
    recordEvent(event, startOperation) {
      switch (event.name) {
        case "chain.started":
          return instruments.sentMessages.add(1, message(startOperation, event.chainType));
        case "chain.deduplicated":
          return instruments.chainDeduplications.add(1, {
            [own.chainType]: event.chainType,
            [own.deduplication]: event.outcome,
          });
        case "chain.closed": {
          const chain = { [own.chainType]: event.chainType, [own.chainStatus]: event.status };
          instruments.chainDuration.record(toSeconds(event.durationMs), chain);
          return instruments.chainLength.record(event.jobCount, chain);
        }
        case "chain.deleted":
          return instruments.chainDeletions.add(1, {
            [own.chainType]: event.chainType,
            [own.deletionReason]: "operator",
          });
        case "chains.retired":
          return instruments.chainDeletions.add(event.count, {
            [own.chainType]: event.chainType,
            [own.deletionReason]: "cleanup",
          });
        case "job.continued":
          return instruments.sentMessages.add(1, message("continue_with", event.nextType));
        case "job.unblocked":
          return instruments.jobBlockedDuration.record(toSeconds(event.blockedMs), {
            [names.destination]: event.type,
          });
        case "attempt.started":
          instruments.consumedMessages.add(1, message("claim", event.type));
          return instruments.jobWaitDuration.record(toSeconds(event.waitMs), {
            [names.destination]: event.type,
          });
        case "attempt.ended":
          return recordEnd(event);
        case "attempt.reaped": {
          const job = { [names.destination]: event.type };
          instruments.leaseExpirations.add(1, job);
          if (event.outcome === "released")
            instruments.jobRetries.add(1, {
              ...job,
              [names.errorType]: leaseLost,
              [own.retryReason]: leaseLost,
            });
          return;
        }
        case "store.unavailable":
          return instruments.storeErrors.add(1, { [names.errorType]: errorType(event.error) });
        case "notify.unavailable":
          return instruments.notifyErrors.add(1, { [names.errorType]: errorType(event.error) });
        default:
      }
    },

    recordOperation(operation, durationMs, error) {
      instruments.operationDuration.record(toSeconds(durationMs), {
        ...operationAttributes(system, operation),
        ...(error === undefined ? {} : { [names.errorType]: error }),
      });
    },
    recordUnsent({ name }, type, error) {
      instruments.sentMessages.add(1, { ...message(name, type), [names.errorType]: error });
    },
    recordWakeUp(source, claimedCount) {
      instruments.workerWakeUps.add(1, {
        [own.wakeUpSource]: source,
        [own.wakeUpResult]: claimedCount > 0 ? "hit" : "empty",
      });
    },
    recordRenewal() {
      instruments.leaseRenewals.add(1);
    },
  };
}
