// The client of a worker process. Its middleware gives every handler a voice.
import { createClient, defineMiddleware, type EventSubscriber, type HandlerSet } from "queuert";

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

// Its type is a long one to write, and the one thing that the handlers' files need of it.
export type WorkerClient = Awaited<ReturnType<typeof createWorkerClient>>;
export type WorkerHandlers = HandlerSet<Transaction, Narration>;

export async function createWorkerClient(
  { state, notify }: Database,
  options: { readonly workerName: string; readonly voice: Voice; readonly events: EventSubscriber },
) {
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
