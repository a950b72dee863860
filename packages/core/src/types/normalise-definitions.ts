import { JobTypeDefinitionError } from "../errors/definition-errors.ts";
import type { BlockerSlot, JobTypeDefinition, JobTypes } from "./job-types.ts";
import type { StandardSchemaV1 } from "./standard-schema.ts";

const keys: ReadonlySet<string> = new Set(["entry", "input", "output", "continueWith", "blockers"]);

/** Turns definitions as they are written into definitions as they are kept: checked, complete and frozen. */
export function normaliseDefinitions(
  definitions: unknown,
): Readonly<Record<string, JobTypeDefinition>> {
  if (!isRecord(definitions)) {
    throw new JobTypeDefinitionError(
      "Job types are defined by an object: name → { entry, input, output, … }.",
      {
        typeName: "",
      },
    );
  }
  const normalised: Record<string, JobTypeDefinition> = Object.create(null);
  for (const [name, definition] of Object.entries(definitions)) {
    normalised[name] = normaliseDefinition(name, definition);
  }
  return Object.freeze(normalised);
}

/**
 * Checks every name that the definitions refer to: that it is in `all`, and that a blocker can start a chain. `all` is
 * the whole of what they may refer to.
 *
 * @throws JobTypeDefinitionError at the first name that is wrong.
 */
export function checkReferences(
  definitions: Iterable<JobTypeDefinition>,
  all: { get(name: string): JobTypeDefinition | undefined },
): void {
  for (const definition of definitions) {
    for (const next of definition.continueWith) {
      if (all.get(next) === undefined) {
        refuse(definition.name, `There is no job type "${next}" to continue with.`);
      }
    }
    for (const { type } of Object.values(definition.blockers)) {
      const blocker = all.get(type);
      if (blocker === undefined) {
        refuse(definition.name, `There is no job type "${type}" to wait for.`);
      } else if (!blocker.isEntry) {
        refuse(
          definition.name,
          `A blocker is a chain, and "${type}" cannot start one: it lacks entry: true.`,
        );
      }
    }
  }
}

/** The definitions of a slice, or none where it was defined by its types alone. */
export function definitionsOf(jobTypes: JobTypes<unknown>): readonly JobTypeDefinition[] {
  return jobTypes.definitions === undefined ? [] : Object.values(jobTypes.definitions);
}

function normaliseDefinition(name: string, definition: unknown): JobTypeDefinition {
  if (name === "") {
    refuse(name, "A job type needs a name.");
  }
  if (!isRecord(definition)) {
    refuse(name, "A job type is an object with entry, input, output, continueWith and blockers.");
  }
  for (const key of Object.keys(definition)) {
    if (!keys.has(key)) {
      refuse(
        name,
        `A job type has no "${key}". It has entry, input, output, continueWith and blockers.`,
      );
    }
  }
  const { entry, input, output, continueWith, blockers } = definition;
  if (entry !== undefined && entry !== true) {
    refuse(name, "entry is true or left out.");
  }
  return Object.freeze({
    name,
    isEntry: entry === true,
    ...(input === undefined ? undefined : { input: readSchema(name, "input", input) }),
    ...(output === undefined ? undefined : { output: readSchema(name, "output", output) }),
    continueWith: Object.freeze(readNames(name, continueWith)),
    blockers: Object.freeze(readSlots(name, blockers)),
  });
}

function readSchema(
  typeName: string,
  field: "input" | "output",
  schema: unknown,
): StandardSchemaV1 {
  // Some libraries make schemas that are functions.
  const standard =
    isRecord(schema) || typeof schema === "function"
      ? (schema as Partial<StandardSchemaV1>)["~standard"]
      : undefined;
  if (standard?.version !== 1 || typeof standard.validate !== "function") {
    refuse(
      typeName,
      `${field} is not a schema. Give one of a Standard Schema library, or json<T>().`,
    );
  }
  return schema as StandardSchemaV1;
}

function readNames(typeName: string, continueWith: unknown): string[] {
  if (continueWith === undefined) {
    return [];
  }
  const names: readonly unknown[] = Array.isArray(continueWith) ? continueWith : [continueWith];
  if (names.length === 0) {
    refuse(typeName, "continueWith names no job type. Name one, or leave it out.");
  }
  return [...new Set(names.map((name) => readName(typeName, "continueWith", name)))];
}

function readSlots(typeName: string, blockers: unknown): Record<string, BlockerSlot> {
  const slots: Record<string, BlockerSlot> = Object.create(null);
  if (blockers === undefined) {
    return slots;
  }
  if (!isRecord(blockers)) {
    refuse(
      typeName,
      'blockers is an object: slot → "rate.fetch", or slot → ["item.fetch"] for a list.',
    );
  }
  for (const [slot, given] of Object.entries(blockers)) {
    const isList = Array.isArray(given);
    if (isList && given.length !== 1) {
      refuse(typeName, 'A list of blockers names one job type: ["item.fetch"].');
    }
    slots[slot] = Object.freeze({
      type: readName(typeName, `blockers.${slot}`, isList ? given[0] : given),
      isList,
    });
  }
  return slots;
}

function readName(typeName: string, field: string, name: unknown): string {
  if (typeof name !== "string" || name === "") {
    refuse(typeName, `${field} takes names of job types.`);
  }
  return name;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(typeName: string, sentence: string): never {
  throw new JobTypeDefinitionError(`The job type "${typeName}" is wrong. ${sentence}`, {
    typeName,
  });
}
