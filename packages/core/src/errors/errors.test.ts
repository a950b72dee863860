import { describe, expect, test, vi } from "vitest";
import * as errors from "./errors.ts";
import { QueuertError, StoreConflictError, TransactionNestedError, UnrecoverableError } from "./errors.ts";

const classes = Object.values(errors).filter((value): value is typeof QueuertError => typeof value === "function" && value !== QueuertError);

/** One of each. Some take a message first and some their fields, so what is given is both. */
function instanceOf(errorClass: typeof QueuertError): QueuertError {
  const messageAndFields = Object.assign(Object("what happened") as object, { issues: [], path: "", reason: "notFound" });
  return new (errorClass as unknown as new (first: object, second: object) => QueuertError)(messageAndFields, { issues: [] });
}

const simple = [
  ["StoreConflictError", () => new StoreConflictError("refused", { cause: "the driver's" })],
  ["TransactionNestedError", () => new TransactionNestedError("startChains")],
  ["UnrecoverableError", () => new UnrecoverableError("no use", { cause: "the reason" })],
] as const;

describe("the error classes", () => {
  test("have codes of their own, each one", () => {
    expect(classes.length).toBeGreaterThan(20);
    const codes = classes.map((errorClass) => errorClass.code);
    for (const code of codes) expect(code).toMatch(/^[A-Z][A-Z_]*[A-Z]$/);
    expect(new Set(codes).size).toBe(codes.length);
    expect(QueuertError.code).toBeUndefined();
  });

  test.each(classes.map((errorClass) => [errorClass.name, errorClass] as const))("%s carries its code, its name and a message", (name, errorClass) => {
    const error = instanceOf(errorClass);
    expect(error).toMatchObject({ code: errorClass.code, name });
    expect(error.message).not.toBe("");
  });

  test.each(classes.map((errorClass) => [errorClass.name, errorClass] as const))("%s is an instance of itself, of the base and of no other", (_name, errorClass) => {
    const error = instanceOf(errorClass);
    expect(error instanceof Error && error instanceof QueuertError).toBe(true);
    expect(classes.filter((other) => error instanceof other)).toEqual([errorClass]);
  });

  test.each(simple)("%s is an instance across two copies of the package", async (name, create) => {
    vi.resetModules();
    const copy = await import("./errors.ts");
    const otherClass = copy[name];
    expect(otherClass).not.toBe(errors[name]);
    expect(create() instanceof otherClass && create() instanceof copy.QueuertError).toBe(true);
    expect(create() instanceof copy.ChainNotFoundError).toBe(false);
  });

  test.each([undefined, null, "UNRECOVERABLE", { code: "UNRECOVERABLE" }, Object.assign(new Error("foreign"), { code: "UNRECOVERABLE" })])(
    "%s is no instance, whatever its code",
    (value) => {
      expect(value instanceof UnrecoverableError).toBe(false);
      expect(value instanceof QueuertError).toBe(false);
    },
  );

  test("keep the cause, and have none where none is given", () => {
    expect(new UnrecoverableError("no use", { cause: "the reason" }).cause).toBe("the reason");
    expect("cause" in new UnrecoverableError("no use")).toBe(false);
  });
});

describe("a user's own subclass", () => {
  class CardDeclinedError extends UnrecoverableError {}
  class OtherError extends UnrecoverableError {}
  class LostCardError extends CardDeclinedError {}

  test("is an instance of what it extends", () => {
    const error = new LostCardError("lost");
    expect([error instanceof LostCardError, error instanceof CardDeclinedError, error instanceof UnrecoverableError, error instanceof QueuertError]).toEqual([true, true, true, true]);
  });

  test("is told from its base, its siblings and its own subclasses", () => {
    expect(new UnrecoverableError("plain") instanceof CardDeclinedError).toBe(false);
    expect(new OtherError("other") instanceof CardDeclinedError).toBe(false);
    expect(new CardDeclinedError("declined") instanceof LostCardError).toBe(false);
  });

  test("is an instance of what it extends in another copy of the package", async () => {
    vi.resetModules();
    const copy = await import("./errors.ts");
    expect(new LostCardError("lost") instanceof copy.UnrecoverableError).toBe(true);
  });

  // Fails: instanceof compares the code alone, and does not look at the prototypes where that differs.
  test.fails("with a code of its own is still an instance of what it extends", () => {
    class CodedError extends UnrecoverableError {
      override readonly code = "CARD_DECLINED";
    }
    expect(new CodedError("declined") instanceof UnrecoverableError).toBe(true);
  });
});
