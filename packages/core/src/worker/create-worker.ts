import { contextOf } from "../engine/client-context.ts";
import { checkNumber } from "../model/options.ts";
import { WorkerMachine } from "./machine.ts";
import type { CreateWorker, DefineHandlers, HandlerSet, Worker } from "./worker-api.ts";
import { resolveWorkerOptions } from "./worker-options.ts";

/**
 * Makes a worker for a client: the machine that claims jobs and runs their handlers. It does nothing before `start`.
 *
 * @throws HandlerDuplicateError when two sets handle one type, JobTypeUnknownError for a handler of an unknown type,
 * OptionInvalidError for options out of range.
 */
export const createWorker: CreateWorker = (client, given): Worker => {
  const context = contextOf(client);
  const options = resolveWorkerOptions(context.jobTypes, given);
  const machine = new WorkerMachine(context, options);
  return {
    get id() {
      return machine.workerId;
    },
    start: () => machine.start(),
    stop: async (stopOptions) =>
      machine.stop(
        checkNumber(stopOptions?.timeoutMs ?? options.stopTimeoutMs, "timeoutMs", { min: 0 }),
      ),
    drain: (drainOptions) => machine.drain(drainOptions?.timeoutMs),
  };
};

/** Defines the handlers of one slice, to be given to a worker beside others. The client is there for its types alone. */
export const defineHandlers: DefineHandlers = (_client, _slice, handlers) =>
  Object.freeze({ handlers: Object.freeze({ ...handlers }) }) as HandlerSet<never, never> as never;
