import { OptionInvalidError } from "../errors/value-errors.ts";
import { isUuidV7 } from "./ids.ts";

/** The priority of a job that names none. */
export const defaultPriority = 5;

/** 0 to 9, whole; a lower number is claimed first. Throws `OptionInvalidError`. */
export function checkPriority(priority: number | undefined): number {
  if (priority === undefined) return defaultPriority;
  if (Number.isInteger(priority) && priority >= 0 && priority <= 9) return priority;
  throw new OptionInvalidError(
    `priority is ${String(priority)}. Give a whole number from 0 (first) to 9.`,
    { option: "priority" },
  );
}

/** Text that every database can keep and compare: well-formed Unicode without NUL, of 1 to `lengthMax` characters. Throws `OptionInvalidError`. */
export function checkText(text: unknown, option: string, lengthMax: number): string {
  if (typeof text !== "string" || text.length === 0 || text.length > lengthMax) {
    throw new OptionInvalidError(`${option} must be text of 1 to ${lengthMax} characters.`, {
      option,
    });
  }
  if (text.includes("\u0000") || /\p{Surrogate}/u.test(text)) {
    throw new OptionInvalidError(
      `${option} contains NUL or half of a surrogate pair, which not every database can keep. Remove it.`,
      { option },
    );
  }
  return text;
}

/** A chain id given by the caller. Throws `OptionInvalidError`. */
export function checkChainId(chainId: unknown): string {
  if (typeof chainId === "string" && isUuidV7(chainId)) return chainId;
  throw new OptionInvalidError(
    `The chain id "${String(chainId)}" is no UUIDv7 in lower case. Ids are ordered by time; make one with a UUIDv7 library, or leave it out.`,
    {
      option: "id",
    },
  );
}

/** A number of milliseconds or a count within a range. Throws `OptionInvalidError`. */
export function checkNumber(
  value: number,
  option: string,
  range: { readonly min: number; readonly max?: number; readonly isWhole?: boolean },
): number {
  const max = range.max ?? Number.POSITIVE_INFINITY;
  if (
    typeof value === "number" &&
    value >= range.min &&
    value <= max &&
    (range.isWhole !== true || Number.isInteger(value) || value === Number.POSITIVE_INFINITY)
  ) {
    return value;
  }
  throw new OptionInvalidError(
    `${option} is ${String(value)}. Give a ${range.isWhole === true ? "whole " : ""}number from ${range.min} to ${max}.`,
    { option },
  );
}
