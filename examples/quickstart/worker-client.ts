// The client of a worker process. Its middleware gives every handler a voice.
import {
  createClient,
  defineMiddleware,
  type ClientOf,
  type EventSubscriber,
  type HandlerSet,
} from "queuert";

import type { Database, Transaction } from "./database.ts";
import { jobTypes } from "./job-types.ts";

/** What handlers find in their `context`. */
export interface Narration {
  readonly workerName: string;
  /** Says what has happened to an order. */
  tell(orderId: string, text: string): void;
  /** Resolves unless the process is killed here. */
  reachCrashPoint(orderId: string): Promise<void>;
}

/** How a worker process speaks to the one that started it. */
export interface Voice {
  tell(orderId: string, text: string): void;
  reachCrashPoint(orderId: string): Promise<void>;
}

export type WorkerClient = ClientOf<typeof jobTypes, Transaction, Narration>;
export type WorkerHandlers = HandlerSet<Transaction, Narration>;

export async function createWorkerClient(
  { state, notify }: Database,
  options: { readonly workerName: string; readonly voice: Voice; readonly events: EventSubscriber },
): Promise<WorkerClient> {
  const { workerName, voice, events } = options;
  const narration = defineMiddleware<Narration>(async ({ job, next }) => {
    const suffix = job.attempt > 1 ? ` (attempt ${job.attempt})` : "";
    return next({
      workerName,
      tell: (orderId, text) => voice.tell(orderId, `${text}${suffix}`),
      reachCrashPoint: (orderId) => voice.reachCrashPoint(orderId),
    });
  });
  return createClient({ jobTypes, state, notify, middleware: [narration], events: [events] });
}
