import { JobTypeDuplicateError } from "../errors/definition-errors.ts";
import type { JobTypeDefinition, JobTypes } from "./job-types.ts";
import { checkReferences, definitionsOf } from "./normalise-definitions.ts";

/** Everything that is known at run time about the job types of a client. */
export interface MergedJobTypes {
  /** The definitions of the slices that were defined by value, in the order in which they were given. */
  readonly definitions: ReadonlyMap<string, JobTypeDefinition>;
  /** Whether that is all. `false` when a slice was defined by its types alone: then a name that is absent may be right. */
  readonly isComplete: boolean;
}

/**
 * Puts slices together. The slices that they use are not added: the caller gives every slice it wants.
 *
 * @throws JobTypeDuplicateError when two slices define one name.
 * @throws JobTypeDefinitionError when everything is known and a slice refers to a name that nobody defines, or waits
 * for a chain that cannot be started.
 */
export function mergeJobTypes(
  jobTypes: JobTypes<unknown> | readonly JobTypes<unknown>[],
): MergedJobTypes {
  const slices = isList(jobTypes) ? jobTypes : [jobTypes];
  const definitions = new Map<string, JobTypeDefinition>();
  for (const definition of slices.flatMap(definitionsOf)) {
    if (definitions.has(definition.name)) {
      throw new JobTypeDuplicateError({ typeName: definition.name });
    }
    definitions.set(definition.name, definition);
  }
  const isComplete = slices.every((slice) => slice.definitions !== undefined);
  if (isComplete) {
    checkReferences(definitions.values(), definitions);
  }
  return { definitions, isComplete };
}

function isList(
  jobTypes: JobTypes<unknown> | readonly JobTypes<unknown>[],
): jobTypes is readonly JobTypes<unknown>[] {
  return Array.isArray(jobTypes);
}
