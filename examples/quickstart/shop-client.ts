// The client of the shop itself: it starts chains, and never runs a job.
import { createClient, type ClientOf } from "queuert";

import type { Database, Transaction } from "./database.ts";
import { narrateEvents, type EventNote } from "./event-sentences.ts";
import { jobTypes } from "./job-types.ts";

export type ShopClient = ClientOf<typeof jobTypes, Transaction>;

export async function createShopClient(
  { state, notify }: Database,
  onNote: (note: EventNote) => void,
): Promise<ShopClient> {
  return createClient({ jobTypes, state, notify, events: [narrateEvents(onNote)] });
}
