/** Whether two values are alike: JSON values and what schemas make of them, Dates included. Properties that are undefined count as absent. */
export function isEqual(left: unknown, right: unknown): boolean {
  return isAlike(left, right, true);
}

/** Whether `value` has everything that `part` has: objects may have more properties, arrays must be as long. */
export function isMatch(value: unknown, part: unknown): boolean {
  return isAlike(value, part, false);
}

function isAlike(value: unknown, part: unknown, isExact: boolean): boolean {
  if (value === part || Object.is(value, part)) return true;
  if (typeof value !== "object" || typeof part !== "object" || value === null || part === null)
    return false;
  if (value instanceof Date && part instanceof Date) return value.getTime() === part.getTime();
  if (Array.isArray(value) || Array.isArray(part)) {
    return (
      Array.isArray(value) &&
      Array.isArray(part) &&
      value.length === part.length &&
      part.every((entry, index) => isAlike(value[index], entry, isExact))
    );
  }
  if (Object.getPrototypeOf(value) !== Object.getPrototypeOf(part)) return false;
  const valueEntries = value as Record<string, unknown>;
  const partEntries = part as Record<string, unknown>;
  if (
    isExact &&
    Object.keys(valueEntries).some(
      (key) => valueEntries[key] !== undefined && partEntries[key] === undefined,
    )
  )
    return false;
  return Object.keys(partEntries).every((key) =>
    isAlike(valueEntries[key], partEntries[key], isExact),
  );
}

const valueLengthMax = 500;

/** A value on one line, for messages. */
export function showValue(value: unknown): string {
  if (value === undefined) return "undefined";
  const text = JSON.stringify(value) ?? `(a ${typeof value})`;
  return text.length <= valueLengthMax ? text : `${text.slice(0, valueLengthMax)}…`;
}
