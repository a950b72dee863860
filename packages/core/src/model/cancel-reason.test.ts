import { expect, test } from "vitest";
import { decodeCancelReason } from "./cancel-reason.ts";

test.each([
  ["as JSON text", '"a \\"b\\""', 'a "b"'],
  ["as plain text", "not wanted", "not wanted"],
  ["as text that happens to be JSON", "12", "12"],
  ["not at all", undefined, undefined],
])("a reason that is stored %s", (_, text, reason) => {
  expect(decodeCancelReason(text)).toBe(reason);
});
