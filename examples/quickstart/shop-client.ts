// The client of the shop itself: it starts chains, and never runs a job.
import { createClient } from "queuert";

import type { Database } from "./database.ts";
import { narrateEvents, type EventNote } from "./event-sentences.ts";
import { jobTypes } from "./job-types.ts";

export type ShopClient = Awaited<ReturnType<typeof createShopClient>>;

export async function createShopClient(
  { state, notify }: Database,
  onNote: (note: EventNote) => void,
) {
  return createClient({ jobTypes, state, notify, events: [narrateEvents(onNote)] });
}
