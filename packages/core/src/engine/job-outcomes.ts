import { HandlerOutcomeError } from "../errors/attempt-errors.ts";
import { JobTypeUnknownError } from "../errors/definition-errors.ts";
import type { Outcome } from "../ports/state-adapter.ts";
import type { MergedJobTypes } from "../types/merge-job-types.ts";
import { createNextJob, type JobGiven } from "./new-jobs.ts";
import { writePayload } from "./payloads.ts";

type Completed = Extract<Outcome, { kind: "completed" }>;
type Continued = Extract<Outcome, { kind: "continued" }>;

/**
 * The outcome of a job that ends its chain with an output, by whomever. Throws `HandlerOutcomeError` for a job type that has to continue,
 * `ValueInvalidError`, `ValueNotJsonError`.
 */
export async function completedOutcome(
  jobTypes: MergedJobTypes,
  typeName: string,
  output: unknown,
): Promise<Completed> {
  const definition = jobTypes.definitions.get(typeName);
  const isBoundToContinue =
    definition?.output === undefined && definition?.continueWith.length !== 0;
  if (definition !== undefined && isBoundToContinue) {
    const message = `A job of "${typeName}" was ended without continueWith, but the job type has no output: it has to continue.`;
    throw new HandlerOutcomeError(message, { typeName });
  }
  return { kind: "completed", output: await writePayload(jobTypes, typeName, "output", output) };
}

/**
 * The outcome of a job that goes on with the next one. Throws `JobTypeUnknownError` for a continuation that the definition does not name, and what
 * `createNextJob` throws.
 */
export async function continuedOutcome(
  jobTypes: MergedJobTypes,
  job: { readonly chainId: string; readonly type: string },
  given: JobGiven,
): Promise<Continued> {
  const definition = jobTypes.definitions.get(job.type);
  if (definition !== undefined && !definition.continueWith.includes(given.type)) {
    const message = `"${job.type}" cannot continue with "${given.type}": its definition does not name it.`;
    throw new JobTypeUnknownError(message, { typeName: given.type });
  }
  const next = await createNextJob(jobTypes, job.chainId, given);
  return { kind: "continued", next, isSticky: false };
}
