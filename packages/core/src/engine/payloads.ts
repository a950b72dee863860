import { ValueInvalidError } from "../errors/value-errors.ts";
import { decodeJson, encodeJson } from "../model/json-codec.ts";
import type { MergedJobTypes } from "../types/merge-job-types.ts";
import type { StandardSchemaIssue } from "../types/standard-schema.ts";

type Where = "input" | "output";

/**
 * Checks a value by its job type's schema and writes it as JSON text. Stored is the value as it was given, not what the schema makes of it:
 * the schema decodes again when the value is read. Throws `ValueInvalidError`, `ValueNotJsonError`.
 */
export async function writePayload(
  jobTypes: MergedJobTypes,
  typeName: string,
  where: Where,
  value: unknown,
): Promise<string | undefined> {
  await validate(jobTypes, typeName, where, value);
  return encodeJson(value, describe(where, typeName));
}

/** Reads a stored payload as its job type's schema decodes it. Throws `ValueUnreadableError`, `ValueInvalidError`. */
export async function readPayload(
  jobTypes: MergedJobTypes,
  typeName: string,
  where: Where,
  text: string | undefined,
): Promise<unknown> {
  return validate(jobTypes, typeName, where, decodeJson(text, describe(where, typeName)));
}

async function validate(
  jobTypes: MergedJobTypes,
  typeName: string,
  where: Where,
  value: unknown,
): Promise<unknown> {
  const definition = jobTypes.definitions.get(typeName);
  const schema = definition?.[where];
  if (schema === undefined) {
    if (definition !== undefined && value !== undefined) {
      throw new ValueInvalidError({
        typeName,
        where,
        issues: [{ message: `the job type has no ${where}`, path: "" }],
      });
    }
    return value;
  }
  const result = await schema["~standard"].validate(value);
  if (result.issues !== undefined)
    throw new ValueInvalidError({ typeName, where, issues: result.issues.map(toIssue) });
  return result.value;
}

function toIssue(issue: StandardSchemaIssue): { message: string; path: string } {
  const path = (issue.path ?? [])
    .map((part) => String(typeof part === "object" ? part.key : part))
    .join(".");
  return { message: issue.message, path };
}

function describe(where: Where, typeName: string): string {
  return `The ${where} of "${typeName}"`;
}
