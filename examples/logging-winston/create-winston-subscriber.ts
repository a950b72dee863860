import { levelOfEvent, type EventSubscriber } from "queuert";
import type { Logger } from "winston";

/** Writes each event as an entry of winston's: the event's name as the message, its fields beside it, an error by its stack. */
export function createWinstonSubscriber(logger: Logger): EventSubscriber {
  return (events) => {
    for (const event of events) {
      const { name, atMs, ...fields } = event;
      const { error, ...rest } = { error: undefined as unknown, ...fields };
      const timestamp = new Date(atMs).toISOString();
      const failure = error instanceof Error ? { error: error.message, stack: error.stack } : {};
      logger.log(levelOfEvent(event), name, { ...rest, timestamp, ...failure });
    }
  };
}
