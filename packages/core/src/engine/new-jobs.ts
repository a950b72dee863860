import { JobTypeUnknownError } from "../errors/definition-errors.ts";
import { OptionInvalidError } from "../errors/value-errors.ts";
import { checkNumber, checkPriority, checkText } from "../model/options.ts";
import { resolveSchedule } from "../model/schedule.ts";
import type { Deduplication } from "../model/deduplication.ts";
import type { NewJob } from "../ports/state-adapter.ts";
import type { MergedJobTypes } from "../types/merge-job-types.ts";
import { blockerReferences, type BlockersGiven } from "./blocker-slots.ts";
import { writePayload } from "./payloads.ts";

/** What a start and a continuation give alike, as it arrives from the caller. */
export interface JobGiven {
  readonly type: string;
  readonly input?: unknown;
  readonly blockers?: BlockersGiven | undefined;
  readonly priority?: number | undefined;
  readonly scheduledAt?: Date | undefined;
  readonly delayMs?: number | undefined;
}

/** The length of a job type's name, at most. */
const typeLengthMax = 200;

/** Checks everything about a job that can be known before the write, and turns it into what the port takes. */
export async function createNewJob(jobTypes: MergedJobTypes, given: JobGiven): Promise<NewJob> {
  const type = checkText(given.type, "type", typeLengthMax);
  const definition = jobTypes.definitions.get(type);
  if (definition === undefined && jobTypes.isComplete) {
    throw new JobTypeUnknownError(
      `There is no job type "${type}" in this client. Give createClient the slice that defines it.`,
      { typeName: type },
    );
  }
  return {
    type,
    input: await writePayload(jobTypes, type, "input", given.input),
    priority: checkPriority(given.priority),
    schedule: resolveSchedule(given),
    blockers: blockerReferences(type, definition?.blockers, given.blockers),
    traceContext: undefined,
  };
}

/** As `createNewJob`, for the next job of a chain, which cannot wait for the chain that it is part of. */
export async function createNextJob(
  jobTypes: MergedJobTypes,
  chainId: string,
  given: JobGiven,
): Promise<NewJob> {
  const next = await createNewJob(jobTypes, given);
  const own = next.blockers.find((blocker) => blocker.chainId === chainId);
  if (own === undefined) return next;
  throw new OptionInvalidError(
    `"${given.type}" would wait for its own chain for ever. Wait for another one.`,
    { option: `blockers.${own.slot}` },
  );
}

/** The deduplication of a start, with its defaults. Throws `OptionInvalidError`. */
export function resolveDeduplication(
  given:
    | {
        key: string;
        scope?: string | undefined;
        windowMs?: number | undefined;
        onDuplicate?: string | undefined;
      }
    | undefined,
): Deduplication | undefined {
  if (given === undefined) return undefined;
  const { scope = "open", onDuplicate = "keep" } = given;
  if (scope !== "open" && scope !== "any")
    throw new OptionInvalidError(`deduplication.scope is "${scope}". Give "open" or "any".`, {
      option: "deduplication.scope",
    });
  if (onDuplicate !== "keep" && onDuplicate !== "replace" && onDuplicate !== "debounce") {
    throw new OptionInvalidError(
      `deduplication.onDuplicate is "${onDuplicate}". Give "keep", "replace" or "debounce".`,
      { option: "deduplication.onDuplicate" },
    );
  }
  return {
    key: checkText(given.key, "deduplication.key", 500),
    scope,
    windowMs:
      given.windowMs === undefined
        ? undefined
        : checkNumber(given.windowMs, "deduplication.windowMs", { min: 0 }),
    onDuplicate,
  };
}

/** Labels of a start: at most 20, keys up to 100 and values up to 500 characters. Throws `OptionInvalidError`. */
export function resolveLabels(
  labels: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const entries = Object.entries(labels ?? {});
  if (entries.length > 20)
    throw new OptionInvalidError(`${entries.length} labels are given; 20 is the most.`, {
      option: "labels",
    });
  return Object.fromEntries(
    entries.map(([key, value]) => [
      checkText(key, "A label's key", 100),
      checkText(value, `The label "${key}"`, 500),
    ]),
  );
}
