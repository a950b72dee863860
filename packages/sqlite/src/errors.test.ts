import { StoreConflictError } from "queuert/adapter";
import { describe, expect, it } from "vitest";

import { isBusy, translateError } from "./errors.ts";

const resultCode = (error: unknown): number | undefined =>
  (error as { readonly result?: number }).result;
const failure = (result: number): Error => Object.assign(new Error("client"), { result });

describe("translateError", () => {
  it.each([
    [5, "STORE_CONFLICT"],
    [261, "STORE_CONFLICT"],
    [517, "STORE_CONFLICT"],
    [6, "STORE_CONFLICT"],
    [10, "STORE_UNAVAILABLE"],
    [266, "STORE_UNAVAILABLE"],
    [13, "STORE_UNAVAILABLE"],
    [14, "STORE_UNAVAILABLE"],
    [11, "STORE_UNAVAILABLE"],
    [8, "STORE_UNAVAILABLE"],
    [26, "STORE_SETUP_INVALID"],
  ])("result code %i is %s, with the client's error as its cause", (result, code) => {
    const error = failure(result);
    expect(translateError(error, resultCode)).toMatchObject({ code, cause: error });
  });

  it.each([
    failure(1),
    failure(19),
    new Error("no code"),
    new StoreConflictError("ours"),
    "text",
    undefined,
  ])("leaves %s as it is", (error) => {
    expect(translateError(error, resultCode)).toBe(error);
  });
});

it("a lock may be waited for, a stale snapshot may not", () => {
  expect([5, 261, 517, 6, 10].map((code) => isBusy(failure(code), resultCode))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
