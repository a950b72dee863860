import { ValueNotJsonError, ValueUnreadableError } from "../errors/value-errors.ts";

/**
 * Writes a value as JSON text, or refuses what JSON would change or drop. `undefined` stays `undefined` (absent); properties that are
 * undefined are left out, as JSON does; -0 becomes 0. JSON escapes NUL and lone surrogates, so any string passes (trap E1).
 *
 * `what` opens the message of the `ValueNotJsonError`: "The input of \"order.ship\"".
 */
export function encodeJson(value: unknown, what: string): string | undefined {
  if (value === undefined) return undefined;
  const problem = findProblem(value, []);
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

/** Deeper values overflow the stack of some reader or other, databases included. */
const depthMax = 500;

interface Problem {
  readonly path: string;
  readonly problem: string;
}

function findProblem(value: unknown, ancestors: object[]): Problem | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined;
    case "number":
      return Number.isFinite(value) ? undefined : here(`JSON has no ${value}`);
    case "object":
      return value === null ? undefined : findObjectProblem(value, ancestors);
    case "undefined":
      return here("JSON has no undefined; use null");
    default:
      return here(`JSON cannot carry a ${typeof value}`);
  }
}

function findObjectProblem(value: object, ancestors: object[]): Problem | undefined {
  if (ancestors.includes(value)) return here("it contains itself");
  if (ancestors.length >= depthMax) return here(`it is nested deeper than ${depthMax} levels`);
  ancestors.push(value);
  const problem = Array.isArray(value)
    ? findListProblem(value, ancestors)
    : findRecordProblem(value, ancestors);
  ancestors.pop();
  return problem;
}

function findListProblem(list: readonly unknown[], ancestors: object[]): Problem | undefined {
  for (let index = 0; index < list.length; index++) {
    const problem = findProblem(list[index], ancestors);
    if (problem !== undefined) return under(String(index), problem);
  }
  return undefined;
}

function findRecordProblem(value: object, ancestors: object[]): Problem | undefined {
  if (!isPlainObject(value))
    return here(`it is an instance of ${nameOfClass(value)}; pass a plain object`);
  if (typeof (value as { toJSON?: unknown }).toJSON === "function")
    return here("it has a toJSON method; pass what that returns");
  for (const key of Object.keys(value)) {
    const entry = (value as Record<string, unknown>)[key];
    const problem = entry === undefined ? undefined : findProblem(entry, ancestors);
    if (problem !== undefined) return under(key, problem);
  }
  return undefined;
}

/** The path is put together on the way out, since hardly any value has a problem. */
function here(problem: string): Problem {
  return { path: "", problem };
}

function under(key: string, { path, problem }: Problem): Problem {
  return { path: path === "" ? key : `${key}.${path}`, problem };
}

/** True for objects of any realm whose prototype is that realm's Object.prototype, or none. */
function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function nameOfClass(value: object): string {
  const constructor: unknown = (value as { constructor?: unknown }).constructor;
  return typeof constructor === "function" && constructor.name !== ""
    ? constructor.name
    : "a class";
}
