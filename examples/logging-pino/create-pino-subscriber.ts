import type { Logger } from "pino";
import { levelOfEvent, type EventSubscriber } from "queuert";

/** Writes each event as a line of pino's: the event's name as the message, its fields beside it, an error as pino writes errors. */
export function createPinoSubscriber(logger: Logger): EventSubscriber {
  return (events) => {
    for (const event of events) {
      const { name, atMs, ...fields } = event;
      const { error: err, ...rest } = { error: undefined, ...fields };
      const occurredAt = new Date(atMs).toISOString();
      logger[levelOfEvent(event)](
        { ...rest, occurredAt, ...(err === undefined ? {} : { err }) },
        name,
      );
    }
  };
}
