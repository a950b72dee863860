import { AttemptLostError } from "queuert";
import { expect, test } from "vitest";

import { attemptErrorType, errorMessageOf, errorTypeOf } from "./error-type.ts";

class CardDeclinedError extends Error {}
class NamedError extends Error {
  override readonly name = "an error with a message: 4711";
}

function withCode(code: unknown): Error {
  return Object.assign(new TypeError("no"), { code });
}

test.each([
  ["a code that is a constant", withCode("ECONNRESET"), "ECONNRESET"],
  [
    "the code of one of our own errors",
    new AttemptLostError({ jobId: "a:0", reason: "deleted" }),
    "ATTEMPT_LOST",
  ],
  ["a class, where the code is none", withCode("order 4711 is gone"), "TypeError"],
  ["a class, where the code is a number", withCode(23505), "TypeError"],
  ["a class", new CardDeclinedError("no"), "CardDeclinedError"],
  [
    "the name, where the class says nothing",
    new DOMException("no", "TimeoutError"),
    "TimeoutError",
  ],
  ["a class rather than a name that is no word", new NamedError("no"), "NamedError"],
  ["a plain error", new Error("order 4711 is gone"), "Error"],
  ["a text", "order 4711 is gone", "_OTHER"],
  ["nothing", undefined, "_OTHER"],
])("%s", (_what, error, expected) => {
  expect(errorTypeOf(error)).toBe(expected);
});

test("an attempt is an error when it threw or lost its lease", () => {
  const typeOf = (outcome: Parameters<typeof attemptErrorType>[0]): string | undefined =>
    attemptErrorType(outcome, errorTypeOf);
  const error = new CardDeclinedError("no");
  expect(typeOf({ outcome: "retried", error })).toBe("CardDeclinedError");
  expect(typeOf({ outcome: "failed", error })).toBe("CardDeclinedError");
  expect(typeOf({ outcome: "lost", reason: "leaseLost" })).toBe("lease_lost");
  expect(typeOf({ outcome: "lost", reason: "deleted" })).toBeUndefined();
  expect(typeOf({ outcome: "cancelled", reason: "cancelled" })).toBeUndefined();
  expect(typeOf({ outcome: "rescheduled" })).toBeUndefined();
  expect(typeOf({ outcome: "released", error })).toBeUndefined();
});

test("a status says what the error says", () => {
  expect(errorMessageOf(new Error("no"))).toBe("no");
  expect(errorMessageOf("no")).toBe("no");
  expect(errorMessageOf({ no: true })).toBeUndefined();
});
