import { SeverityNumber, type Attributes, type Context, type Logger } from "@opentelemetry/api";
import type { EmittedEvent } from "queuert";

import { attributeNames as names } from "../conventions/attributes.ts";
import type { ResolvedOptions } from "../options.ts";
import { describeEvent, type LogEntry } from "./log-entries.ts";

/** Writes what happened as log records, at the time at which it happened. */
export interface EventLogger {
  /** `context` has the span that the event belongs to. */
  logEvent(event: EmittedEvent, context: Context | undefined): void;
  /** A call threw. `attributes` say which operation it is. */
  logException(
    kind: "send" | "settle",
    error: unknown,
    attributes: Attributes,
    context: Context,
  ): void;
}

export function createEventLogger(
  logger: Logger,
  system: Attributes,
  options: ResolvedOptions,
): EventLogger {
  const emit = (entry: LogEntry, timestamp: number, context: Context | undefined): void => {
    const { eventName, severityNumber, body, attributes, exception } = entry;
    logger.emit({
      eventName,
      severityNumber,
      severityText: SeverityNumber[severityNumber],
      timestamp,
      body,
      attributes: { ...system, ...attributes },
      ...(exception === undefined ? {} : { exception }),
      ...(context === undefined ? {} : { context }),
    });
  };
  return {
    logEvent(event, context) {
      if (!logger.enabled(context === undefined ? {} : { context })) return;
      for (const entry of describeEvent(event, options)) emit(entry, event.atMs, context);
    },
    logException(kind, error, attributes, context) {
      const entry: LogEntry = {
        eventName: `messaging.${kind}.exception`,
        severityNumber: SeverityNumber.WARN,
        body: `The operation "${String(attributes[names.operationName])}" failed.`,
        attributes: { ...attributes, [names.errorType]: options.errorType(error) },
        exception: error,
      };
      emit(entry, Date.now(), context);
    },
  };
}
