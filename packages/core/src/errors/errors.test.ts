import { describe, expect, test, vi } from "vitest";
import * as attemptErrors from "./attempt-errors.ts";
import * as chainErrors from "./chain-errors.ts";
import * as definitionErrors from "./definition-errors.ts";
import * as machineErrors from "./machine-errors.ts";
import { QueuertError } from "./queuert-error.ts";
import * as storeErrors from "./store-errors.ts";
import * as valueErrors from "./value-errors.ts";

const { UnrecoverableError } = attemptErrors;
const { StoreConflictError, TransactionNestedError } = storeErrors;

interface ErrorClass {
  new (first: object, second: object): QueuertError;
  readonly name: string;
  readonly code: string | undefined;
}

const modules = [
  attemptErrors,
  chainErrors,
  definitionErrors,
  machineErrors,
  storeErrors,
  valueErrors,
];
const classes = modules
  .flatMap((module): unknown[] => Object.values(module))
  .filter((value) => typeof value === "function") as ErrorClass[];

/** One of each. Some take a message first and some their fields, so what is given is both. */
function instanceOf(errorClass: ErrorClass): QueuertError {
  const messageAndFields = Object.assign(new Object("what happened"), {
    issues: [],
    path: "",
    reason: "notFound",
  });
  return new errorClass(messageAndFields, { issues: [] });
}

/** Another copy of the classes, as a second install of the package has it. */
async function importCopy(): Promise<
  typeof attemptErrors & typeof storeErrors & { readonly QueuertError: typeof QueuertError }
> {
  vi.resetModules();
  return {
    ...(await import("./attempt-errors.ts")),
    ...(await import("./store-errors.ts")),
    ...(await import("./queuert-error.ts")),
  };
}

describe("the error classes", () => {
  test("have codes of their own, each one", () => {
    expect(classes.length).toBeGreaterThan(20);
    const codes = classes.map((errorClass) => errorClass.code);
    for (const code of codes) expect(code).toMatch(/^[A-Z][A-Z_]*[A-Z]$/);
    expect(new Set(codes).size).toBe(codes.length);
    expect(QueuertError.code).toBeUndefined();
  });

  test.each(classes.map((errorClass) => [errorClass.name, errorClass] as const))(
    "%s carries its code, its name and a message",
    (name, errorClass) => {
      const error = instanceOf(errorClass);
      expect(error).toMatchObject({ code: errorClass.code, name });
      expect(error.message).not.toBe("");
    },
  );

  test.each(classes.map((errorClass) => [errorClass.name, errorClass] as const))(
    "%s is an instance of itself, of the base and of no other",
    (_name, errorClass) => {
      const error = instanceOf(errorClass);
      expect(error instanceof Error && error instanceof QueuertError).toBe(true);
      expect(classes.filter((other) => error instanceof other)).toEqual([errorClass]);
    },
  );

  test("are instances across two copies of the package", async () => {
    const copy = await importCopy();
    expect(copy.UnrecoverableError).not.toBe(UnrecoverableError);
    const unrecoverable = new UnrecoverableError("no use");
    expect(
      unrecoverable instanceof copy.UnrecoverableError &&
        unrecoverable instanceof copy.QueuertError,
    ).toBe(true);
    expect(unrecoverable instanceof copy.TransactionNestedError).toBe(false);
    expect(new TransactionNestedError("startChains") instanceof copy.TransactionNestedError).toBe(
      true,
    );
    expect(new copy.StoreConflictError("refused") instanceof StoreConflictError).toBe(true);
  });

  test.each([
    undefined,
    null,
    "UNRECOVERABLE",
    { code: "UNRECOVERABLE" },
    Object.assign(new Error("foreign"), { code: "UNRECOVERABLE" }),
  ])("%s is no instance, whatever its code", (value) => {
    expect(value instanceof UnrecoverableError).toBe(false);
    expect(value instanceof QueuertError).toBe(false);
  });

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
    expect([
      error instanceof LostCardError,
      error instanceof CardDeclinedError,
      error instanceof UnrecoverableError,
      error instanceof QueuertError,
    ]).toEqual([true, true, true, true]);
  });

  test("is told from its base, its siblings and its own subclasses", () => {
    expect(new UnrecoverableError("plain") instanceof CardDeclinedError).toBe(false);
    expect(new OtherError("other") instanceof CardDeclinedError).toBe(false);
    expect(new CardDeclinedError("declined") instanceof LostCardError).toBe(false);
  });

  test("is an instance of what it extends in another copy of the package", async () => {
    const copy = await importCopy();
    expect(new LostCardError("lost") instanceof copy.UnrecoverableError).toBe(true);
  });

  test("with a code of its own is still an instance of what it extends", () => {
    class CodedError extends UnrecoverableError {
      override readonly code = "CARD_DECLINED";
    }
    expect(new CodedError("declined") instanceof UnrecoverableError).toBe(true);
  });
});
