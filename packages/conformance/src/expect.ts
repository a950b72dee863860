/** Assertions without a test runner. Each throws a `ConformanceFailure` that says where the values differ. */
export interface Expect {
  /** Deep equality. A property that is `undefined` equals one that is absent; dates compare by their time. */
  equal(actual: unknown, expected: unknown, what?: string): void;
  /** Deep equality of what `expected` names; `actual` may have more properties. Lists have the same length. */
  match(actual: unknown, expected: unknown, what?: string): void;
  /** The same members in any order, by deep equality. */
  sameMembers(actual: readonly unknown[], expected: readonly unknown[], what?: string): void;
  oneOf(actual: unknown, expected: readonly unknown[], what?: string): void;
  ok(condition: boolean, what: string): void;
  /** The promise rejects with an error of this code, and with these fields. */
  rejects(
    promise: Promise<unknown>,
    code: string,
    fields?: Readonly<Record<string, unknown>>,
  ): Promise<void>;
}

/** A promise of the port was not kept. */
export class ConformanceFailure extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "ConformanceFailure";
  }
}

/** The assertions that a case is given: no test runner is needed. A failure says what was got and what was expected. */
export const expect: Expect = {
  equal(actual, expected, what) {
    report(firstDifference(actual, expected, "", true), what);
  },
  match(actual, expected, what) {
    report(firstDifference(actual, expected, "", false), what);
  },
  sameMembers(actual, expected, what) {
    const rest = [...actual];
    for (const member of expected) {
      const index = rest.findIndex(
        (candidate) => firstDifference(candidate, member, "", true) === undefined,
      );
      if (index === -1) report(`${show(member)} is missing from ${show(actual)}`, what);
      rest.splice(index, 1);
    }
    if (rest.length > 0) report(`${show(rest)} is not expected, only ${show(expected)}`, what);
  },
  oneOf(actual, expected, what) {
    if (expected.some((candidate) => firstDifference(actual, candidate, "", true) === undefined))
      return;
    report(`got ${show(actual)}, expected one of ${show(expected)}`, what);
  },
  ok(condition, what) {
    if (!condition) throw new ConformanceFailure(what);
  },
  async rejects(promise, code, fields = {}) {
    let value: unknown;
    try {
      value = await promise;
    } catch (error) {
      const found = (error as { readonly code?: unknown } | null)?.code;
      if (found !== code) {
        throw new ConformanceFailure(
          `rejected with ${show(found)} (${String(error)}), expected "${code}"`,
          { cause: error },
        );
      }
      report(firstDifference(error, fields, "error", false), undefined);
      return;
    }
    throw new ConformanceFailure(
      `resolved with ${show(value)}, expected a rejection with "${code}"`,
    );
  },
};

function report(difference: string | undefined, what: string | undefined): void {
  if (difference === undefined) return;
  throw new ConformanceFailure(what === undefined ? difference : `${what}: ${difference}`);
}

/** Where and how two values differ; `undefined` when they do not. */
export function firstDifference(
  actual: unknown,
  expected: unknown,
  path: string,
  isExact: boolean,
): string | undefined {
  if (Object.is(actual, expected)) return undefined;
  if (actual instanceof Date && expected instanceof Date) {
    return actual.getTime() === expected.getTime()
      ? undefined
      : describeDifference(path, actual, expected);
  }
  if (
    !isObject(actual) ||
    !isObject(expected) ||
    expected instanceof Date ||
    Array.isArray(actual) !== Array.isArray(expected)
  ) {
    return describeDifference(path, actual, expected);
  }
  if (Array.isArray(actual) && Array.isArray(expected) && actual.length !== expected.length) {
    return `${at(path)}${actual.length} members ${show(actual)}, expected ${expected.length} ${show(expected)}`;
  }
  const keys = new Set([...Object.keys(expected), ...(isExact ? Object.keys(actual) : [])]);
  for (const key of keys) {
    const found = firstDifference(
      actual[key],
      expected[key],
      path === "" ? key : `${path}.${key}`,
      isExact,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function describeDifference(path: string, actual: unknown, expected: unknown): string {
  return `${at(path)}got ${show(actual)}, expected ${show(expected)}`;
}

function at(path: string): string {
  return path === "" ? "" : `${path}: `;
}

const shownLengthMax = 400;

function show(value: unknown): string {
  const text =
    value === undefined
      ? "undefined"
      : JSON.stringify(value, (_key, entry: unknown) =>
          typeof entry === "bigint" ? `${entry}n` : entry,
        );
  return text.length > shownLengthMax
    ? `${text.slice(0, shownLengthMax)}… (${text.length} characters)`
    : text;
}
