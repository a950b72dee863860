import type { Schedule } from "queuert/adapter";

// A schedule goes as two columns, of which one is NULL: the server adds a delay to its own clock (P8).

export function delayOf(schedule: Schedule | undefined): number | undefined {
  return schedule !== undefined && "delayMs" in schedule ? schedule.delayMs : undefined;
}

export function instantOf(schedule: Schedule | undefined): number | undefined {
  return schedule !== undefined && "at" in schedule ? schedule.at.getTime() : undefined;
}
