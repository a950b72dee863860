import { ValueNotJsonError, ValueUnreadableError } from "../errors/value-errors.ts";

/**
 * Writes a value as JSON text, or refuses what JSON would change or drop. `undefined` stays `undefined` (absent); properties that are
 * undefined are left out, as JSON does; -0 becomes 0. JSON escapes NUL and lone surrogates, so any string passes (trap E1).
 *
 * `what` opens the message of the `ValueNotJsonError`: "The input of \"order.ship\"".
 */
export function encodeJson(value: unknown, what: string): string | undefined {
  if (value === undefined) return undefined;
  const problem = findProblem(value, "", []);
  if (problem !== undefined) throw new ValueNotJsonError({ ...problem, what });
  return JSON.stringify(value);
}

/** Reads what `encodeJson` wrote. Throws `ValueUnreadableError`. */
export function decodeJson(text: string | undefined, what: string): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ValueUnreadableError(what, { cause });
  }
}

interface Problem {
  readonly path: string;
  readonly problem: string;
}

function findProblem(value: unknown, path: string, ancestors: readonly object[]): Problem | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined;
    case "number":
      return Number.isFinite(value) ? undefined : { path, problem: `JSON has no ${value}` };
    case "object":
      return value === null ? undefined : findObjectProblem(value, path, ancestors);
    case "undefined":
      return { path, problem: "JSON has no undefined; use null" };
    default:
      return { path, problem: `JSON cannot carry a ${typeof value}` };
  }
}

function findObjectProblem(value: object, path: string, ancestors: readonly object[]): Problem | undefined {
  if (ancestors.includes(value)) return { path, problem: "it contains itself" };
  const inside = [...ancestors, value];
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const problem = findProblem(value[index], joinPath(path, String(index)), inside);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  if (!isPlainObject(value)) return { path, problem: `it is an instance of ${nameOfClass(value)}; pass a plain object` };
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return { path, problem: "it has a toJSON method; pass what that returns" };
  for (const key of Object.keys(value)) {
    const entry = (value as Record<string, unknown>)[key];
    if (entry === undefined) continue;
    const problem = findProblem(entry, joinPath(path, key), inside);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** True for objects of any realm whose prototype is that realm's Object.prototype, or none. */
function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function nameOfClass(value: object): string {
  const constructor: unknown = (value as { constructor?: unknown }).constructor;
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "a class";
}

function joinPath(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
