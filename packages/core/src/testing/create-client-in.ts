import type { Client, ClientOptions } from "../client/client-api.ts";
import {
  createClientIn as createUntypedClientIn,
  type ClientEnvironment,
} from "../client/create-client.ts";
import type { JobTypes } from "../types/job-types.ts";
import type { ContextOf, Middleware } from "../types/middleware.ts";
import type { MergedTypes } from "../types/slices.ts";

/**
 * Makes a client as `createClient` does, with time and chance given: to run the client and its workers against a database of one's own
 * under a virtual clock, or with ids and jitter that repeat. The database keeps its own clock.
 */
export type CreateClientIn = <
  const TJobTypes extends JobTypes<unknown> | readonly JobTypes<unknown>[],
  TTransaction,
  const TMiddleware extends readonly Middleware<unknown>[] = [],
>(
  environment: ClientEnvironment,
  options: ClientOptions<TJobTypes, TTransaction, TMiddleware>,
) => Promise<Client<MergedTypes<TJobTypes>, TTransaction, ContextOf<TMiddleware>>>;

/**
 * Makes a client as `createClient` does, with time and chance given: to run it and its workers under a virtual clock, or with ids and jitter that
 * repeat. The database keeps its own clock. Throws what `createClient` throws.
 */
export const createClientIn: CreateClientIn = (environment, options) =>
  createUntypedClientIn(environment, options as never) as never;
