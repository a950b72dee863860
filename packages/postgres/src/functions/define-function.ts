/**
 * The planner inside our functions. Their statements are planned once per connection, perhaps on empty tables, and kept: so the plan must not
 * depend on what the statistics say. Rows are always reached through an index, row by row. Just-in-time compilation is off, since
 * the cost that the planner adds for a plan that it was told not to choose would set it off.
 */
const pinnedPlanner = [
  "plan_cache_mode = force_generic_plan",
  "enable_seqscan = off",
  "enable_bitmapscan = off",
  "enable_hashjoin = off",
  "enable_mergejoin = off",
  "jit = off",
].map((setting) => `SET ${setting}`);

export interface FunctionDefinition {
  /** Name and parameters, as `{claim_jobs}(p_worker_id uuid)`. */
  readonly signature: string;
  readonly returns: string;
  /** PL/pgSQL, from DECLARE or BEGIN on. */
  readonly body: string;
  /** For functions that only others of ours call, which have pinned the planner already, and those whose statements look for no rows. */
  readonly isUnpinned?: boolean;
  /** For functions that write nothing: their statements, and those of functions they call, see what the calling statement sees, and no more. */
  readonly isRead?: boolean;
}

/**
 * For functions whose writes may be lost with the server, since whoever comes next writes them again: the commit does not wait for the disk. To be their first
 * statement. It holds for the rest of the transaction, so it is for operations that are never in the user's.
 */
export const commitWithoutWaiting = "PERFORM set_config('synchronous_commit', 'off', true);";

/** Writes a function that clients call in one round trip. Its statements see each other's effects, and each sees what has committed before it begins (READ COMMITTED). */
export function defineFunction(definition: FunctionDefinition): string {
  const { signature, returns, body, isUnpinned, isRead } = definition;
  const settings = isUnpinned === true ? [] : pinnedPlanner;
  return [
    `CREATE OR REPLACE FUNCTION ${signature} RETURNS ${returns} LANGUAGE plpgsql${isRead === true ? " STABLE" : ""}`,
    ...settings,
    `AS $function$`,
    `#variable_conflict use_column`,
    body.trim(),
    `$function$`,
  ].join("\n");
}
