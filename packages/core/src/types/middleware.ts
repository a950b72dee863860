import type { EmptyRecord } from "./look-ups.ts";
import type { Job } from "./job.ts";

declare const added: unique symbol;

/** Runs around every attempt of a client's handlers and adds to their `context`. Made by {@link defineMiddleware}. */
export interface Middleware<out TAdded> {
  readonly run: (options: MiddlewareOptions) => Promise<MiddlewareResult<TAdded>>;
}

/** What a middleware gets. */
export interface MiddlewareOptions {
  readonly job: Job;
  /** Aborted for the same reasons as the handler's. */
  readonly signal: AbortSignal;
  /**
   * Runs the middleware after this one and at last the handler, with `context` added to theirs. To be called once, and
   * its result returned. It rejects when the handler throws; what the middleware throws then is the attempt's error.
   */
  readonly next: <TContext extends object>(
    context: TContext,
  ) => Promise<MiddlewareResult<TContext>>;
}

/** What `next` gives: proof that the attempt went on with this context. The middleware has to return it. */
export interface MiddlewareResult<out TAdded> {
  readonly [added]: TAdded;
}

/** Defines a middleware. The type of what it hands to `next` is what it adds to the handlers' `context`. */
export function defineMiddleware<TAdded extends object>(
  run: (options: MiddlewareOptions) => Promise<MiddlewareResult<TAdded>>,
): Middleware<TAdded> {
  return Object.freeze({ run });
}

/** What a list of middleware adds to the context of the handlers, all together. */
export type ContextOf<TMiddleware> = TMiddleware extends readonly [Middleware<infer TOnly>]
  ? TOnly
  : TMiddleware extends readonly [Middleware<infer TFirst>, ...infer TRest]
    ? TFirst & ContextOf<TRest>
    : EmptyRecord;
