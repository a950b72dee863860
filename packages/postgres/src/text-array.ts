/** A value of an array; `null` and `undefined` stand as NULL. */
export type ArrayValue = string | number | boolean | null | undefined;

const needsQuotes = /[\s,{}"\\]|^$|^null$/i;
const escaped = /["\\]/g;

/**
 * Writes values as the text form of a PostgreSQL array, to be cast by the statement. One text per column of a request is what every client
 * library can carry, and what the server reads fastest.
 */
export function encodeArray(values: readonly ArrayValue[]): string {
  let text = "{";
  for (let place = 0; place < values.length; place += 1) {
    if (place > 0) text += ",";
    text += encodeValue(values[place]);
  }
  return `${text}}`;
}

function encodeValue(value: ArrayValue): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value !== "string") return String(value);
  return needsQuotes.test(value) ? `"${value.replaceAll(escaped, String.raw`\$&`)}"` : value;
}

/** The most that a column or a parameter of the type integer holds. */
const integerMax = 2_147_483_647;

/** Writes a count, a limit or a part of a key. What is beyond the type's range is only large: no row has it, and no page (trap C11). */
export function encodeInteger(value: number): string {
  return String(Math.min(value, integerMax));
}

export function encodeIntegers(values: readonly number[]): string {
  return encodeArray(values.map(encodeInteger));
}
