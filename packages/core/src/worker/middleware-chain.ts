import { HandlerOutcomeError } from "../errors/attempt-errors.ts";
import type { Job } from "../types/job.ts";
import type { Middleware, MiddlewareResult } from "../types/middleware.ts";

/** Runs the middleware around the handler, the first outermost, and gives what the handler returned. */
export async function runThroughMiddleware(
  middleware: readonly Middleware<unknown>[],
  job: Job,
  signal: AbortSignal,
  handle: (context: object, job: Job) => Promise<unknown>,
): Promise<unknown> {
  if (middleware.length === 0) return handle({}, job);
  let end: { readonly returned: unknown } | undefined;
  const proof = Object.freeze({}) as MiddlewareResult<never>;
  const enter = async (index: number, context: object): Promise<MiddlewareResult<never>> => {
    const current = middleware[index];
    if (current !== undefined) {
      return (await current.run({
        job,
        signal,
        next: (added) => enter(index + 1, { ...context, ...added }),
      })) as MiddlewareResult<never>;
    }
    if (end !== undefined)
      throw new HandlerOutcomeError(`A middleware called next twice for "${job.type}".`, {
        typeName: job.type,
      });
    end = { returned: await handle(context, job) };
    return proof;
  };
  await enter(0, {});
  if (end === undefined) {
    throw new HandlerOutcomeError(
      `A middleware of "${job.type}" ended without the handler: it did not call next, or swallowed its error.`,
      { typeName: job.type },
    );
  }
  return end.returned;
}
