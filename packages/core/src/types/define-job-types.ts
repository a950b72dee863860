import type { CheckDefinitions, CheckWire } from "./check-definitions.ts";
import type { CheckTypes } from "./check-types.ts";
import type { FromDefinitions } from "./from-definitions.ts";
import type { JobTypeDefinition, JobTypes } from "./job-types.ts";
import { checkReferences, definitionsOf, normaliseDefinitions } from "./normalise-definitions.ts";
import type { TypesOfSlices } from "./slices.ts";

/**
 * Defines job types by value. Each may have
 *
 * - `entry: true`: a chain may start with it, and so it may block;
 * - `input` and `output`: schemas of any Standard Schema library, or `json<T>()` where no check is wanted at run time.
 *   What a schema takes is stored, so it has to be what JSON can carry; what it gives is what the handler reads;
 * - `continueWith`: the job type, or the list of job types, that may come next in the chain;
 * - `blockers`: named slots for the chains that it waits for, `{ rate: "rate.fetch", items: ["item.fetch"] }`.
 *
 * Neither `output` nor `continueWith`: the handler returns nothing. Only `continueWith`: it has to continue. No `input`:
 * it is left out at the start.
 *
 * `uses` lists the slices whose names this one may refer to; `createClient` has to be given them, too. Two slices that
 * refer to each other cannot both be inferred from the other: there, one of them names the job types that it needs as a
 * slice of types alone, `[defineJobTypes<{ "billing.charge": {} }>()]` (with `entry: true` for a blocker), and
 * `createClient` checks the names and entries against the real one.
 *
 * @throws JobTypeDefinitionError when a definition is wrong at run time: an unknown property, something that is no
 * schema, or, if every slice in `uses` was defined by value, a name that does not exist or a blocker without `entry`.
 */
export function defineJobTypes<
  const T extends CheckDefinitions<T, T & TypesOfSlices<TUses>>,
  const TUses extends readonly JobTypes<unknown>[] = [],
>(definitions: T & CheckWire<T>, uses?: TUses): JobTypes<FromDefinitions<T>>;
/**
 * Defines job types for the compiler alone, at half its cost: nothing is checked at run time, and no name or edge is
 * known to the dashboard, to MCP or to `explain` before a chain has shown it.
 *
 * ```ts
 * const jobTypes = defineJobTypes<{
 *   "order.reserve": { entry: true; input: { orderId: string }; continueWith: "order.charge" | "order.reject" };
 *   "order.quote": { entry: true; blockers: { rate: "rate.fetch"; items: "item.fetch"[] }; output: { cents: number } };
 * }>();
 * ```
 *
 * An interface fits as well. `TOther` is the plain shape of the slices that this one may refer to; two slices may name
 * each other: `defineJobTypes<Orders, Billing>()` and `defineJobTypes<Billing, Orders>()`.
 */
export function defineJobTypes<
  T extends CheckTypes<T, T & TOther>,
  TOther = unknown,
>(): JobTypes<T>;
export function defineJobTypes(
  definitions?: unknown,
  uses: readonly JobTypes<unknown>[] = [],
): JobTypes<unknown> {
  const jobTypes = {
    definitions: definitions === undefined ? undefined : normaliseDefinitions(definitions),
    uses: Object.freeze([...uses]),
  } as JobTypes<unknown>;
  if (uses.every((used) => used.definitions !== undefined)) {
    const own = definitionsOf(jobTypes);
    const all = new Map<string, JobTypeDefinition>();
    for (const definition of [...uses.flatMap(definitionsOf), ...own]) {
      all.set(definition.name, definition);
    }
    checkReferences(own, all);
  }
  return Object.freeze(jobTypes);
}
