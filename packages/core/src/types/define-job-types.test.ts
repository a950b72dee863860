import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { JobTypeDefinitionError, JobTypeDuplicateError } from "../errors/definition-errors.ts";
import { defineJobTypes } from "./define-job-types.ts";
import type { JobTypes } from "./job-types.ts";
import { json } from "./json.ts";
import { mergeJobTypes } from "./merge-job-types.ts";

/** A definition that the compiler would refuse. */
const define = defineJobTypes as unknown as (
  definitions: unknown,
  uses?: readonly JobTypes<unknown>[],
) => JobTypes<unknown>;

describe("defineJobTypes", () => {
  test("normalises and freezes definitions", () => {
    const input = z.object({ orderId: z.string() });
    const { definitions, uses } = defineJobTypes({
      reserve: {
        entry: true,
        input,
        continueWith: ["ship", "ship"],
        blockers: { rate: "fetch", items: ["fetch"] },
      },
      ship: { output: json<{ trackingId: string }>(), continueWith: "reserve" },
      fetch: { entry: true },
    });
    expect(definitions?.["reserve"]).toEqual({
      name: "reserve",
      isEntry: true,
      input,
      continueWith: ["ship"],
      blockers: { rate: { type: "fetch", isList: false }, items: { type: "fetch", isList: true } },
    });
    expect(definitions?.["ship"]).toMatchObject({
      isEntry: false,
      continueWith: ["reserve"],
      blockers: {},
    });
    expect(definitions?.["fetch"]).toEqual({
      name: "fetch",
      isEntry: true,
      continueWith: [],
      blockers: {},
    });
    expect(uses).toEqual([]);
    expect(Object.isFrozen(definitions)).toBe(true);
    expect(Object.isFrozen(definitions?.["reserve"]?.continueWith)).toBe(true);
    expect(Object.isFrozen(definitions?.["reserve"]?.blockers["rate"])).toBe(true);
  });

  test("knows nothing at run time of a slice defined by its types", () => {
    const jobTypes = defineJobTypes<{ a: { entry: true } }>();
    expect(jobTypes.definitions).toBeUndefined();
    expect(jobTypes.uses).toEqual([]);
  });

  test("takes names that every object has for what they are", () => {
    const { definitions } = define({
      constructor: { entry: true },
      ["__proto__"]: { continueWith: "constructor" },
    });
    expect(Object.keys(definitions ?? {})).toEqual(["constructor", "__proto__"]);
    expect(definitions?.["toString"]).toBeUndefined();
    expect(() => define({ a: { continueWith: "toString" } })).toThrow(JobTypeDefinitionError);
  });

  test.each([
    ["an unknown property", { a: { inputs: z.string() } }, 'A job type has no "inputs".'],
    ["entry: false", { a: { entry: false } }, "entry is true or left out."],
    ["no schema", { a: { input: { orderId: "string" } } }, "input is not a schema."],
    [
      "a schema of another version",
      { a: { output: { "~standard": { version: 2, validate: () => 1 } } } },
      "output is not a schema.",
    ],
    [
      "an unknown continuation",
      { a: { continueWith: "b" } },
      'There is no job type "b" to continue with.',
    ],
    ["no continuation at all", { a: { continueWith: [] } }, "continueWith names no job type."],
    [
      "a continuation without a name",
      { a: { continueWith: [1] } },
      "continueWith takes names of job types.",
    ],
    [
      "an unknown blocker",
      { a: { blockers: { one: "b" } } },
      'There is no job type "b" to wait for.',
    ],
    [
      "a blocker that starts no chain",
      { a: { blockers: { one: ["a"] } } },
      'A blocker is a chain, and "a" cannot start one',
    ],
    [
      "a list of two blockers",
      { a: { entry: true, blockers: { one: ["a", "a"] } } },
      "A list of blockers names one job type",
    ],
    ["blockers without slots", { a: { entry: true, blockers: ["a"] } }, "blockers is an object"],
    [
      "a blocker without a name",
      { a: { blockers: { one: 1 } } },
      "blockers.one takes names of job types.",
    ],
    ["a definition that is none", { a: true }, "A job type is an object"],
  ])("refuses %s", (_, definitions, sentence) => {
    expect(() => define(definitions)).toThrow(JobTypeDefinitionError);
    expect(() => define(definitions)).toThrow(sentence);
    expect(() => define(definitions)).toThrow(expect.objectContaining({ typeName: "a" }));
  });

  test("refuses a name that is empty, and definitions that are none", () => {
    expect(() => define({ "": {} })).toThrow("A job type needs a name.");
    expect(() => define([])).toThrow(JobTypeDefinitionError);
  });

  test("takes schemas of every library", () => {
    const { definitions } = defineJobTypes({
      a: {
        entry: true,
        input: type({ x: "string" }),
        output: v.object({ y: v.number() }),
        continueWith: "b",
      },
      b: { input: z.object({ z: z.string() }), output: json<1>() },
    });
    const vendors = ["input", "output"].flatMap((field) =>
      ["a", "b"].map((name) => definitions?.[name]?.[field as "input"]?.["~standard"].vendor),
    );
    expect(vendors).toEqual(["arktype", "zod", "valibot", "queuert"]);
  });

  test("checks names in the slices that it uses, unless one is known by its types alone", () => {
    const mail = defineJobTypes({ send: { entry: true }, log: {} });
    expect(define({ a: { blockers: { sent: "send" }, continueWith: "log" } }, [mail]).uses).toEqual(
      [mail],
    );
    expect(() => define({ a: { blockers: { logged: "log" } } }, [mail])).toThrow(
      JobTypeDefinitionError,
    );
    expect(() => define({ a: { continueWith: "other" } }, [mail])).toThrow(JobTypeDefinitionError);
    const other = defineJobTypes<{ other: object }>();
    expect(() => define({ a: { continueWith: "other" } }, [mail, other])).not.toThrow();
  });
});

describe("json", () => {
  test("is a Standard Schema that accepts everything as it is", () => {
    const schema = json<{ a: 1 }>()["~standard"];
    const value = { a: new Date() };
    expect(schema).toMatchObject({ version: 1, vendor: "queuert" });
    expect(schema.validate(value)).toEqual({ value });
  });
});

describe("mergeJobTypes", () => {
  const stock = defineJobTypes({ take: { entry: true, continueWith: "pack" }, done: {} }, [
    defineJobTypes<{ pack: object }>(),
  ]);
  const packing = defineJobTypes({ pack: { continueWith: "done" } }, [stock]);

  test("puts slices that refer to each other together", () => {
    const merged = mergeJobTypes([stock, packing]);
    expect([...merged.definitions.keys()]).toEqual(["take", "done", "pack"]);
    expect(merged.isComplete).toBe(true);
    expect(mergeJobTypes(defineJobTypes({ a: {} })).definitions.get("a")?.name).toBe("a");
  });

  test("refuses a name that is defined twice", () => {
    expect(() => mergeJobTypes([stock, defineJobTypes({ done: {} })])).toThrow(
      JobTypeDuplicateError,
    );
    expect(() => mergeJobTypes([stock, defineJobTypes({ done: {} })])).toThrow(
      expect.objectContaining({ typeName: "done" }),
    );
  });

  test("refuses a slice that is missing, or that is not what it was said to be", () => {
    expect(() => mergeJobTypes(stock)).toThrow('There is no job type "pack" to continue with.');
    const waiting = defineJobTypes({ wait: { blockers: { packed: "pack" } } }, [
      defineJobTypes<{ pack: { entry: true } }>(),
    ]);
    expect(() => mergeJobTypes([stock, packing, waiting])).toThrow('"pack" cannot start one');
  });

  test("leaves open what a slice of types alone may define", () => {
    const merged = mergeJobTypes([
      stock,
      defineJobTypes<{ pack: { continueWith: "done" }; done: object }, { done: object }>(),
    ]);
    expect([...merged.definitions.keys()]).toEqual(["take", "done"]);
    expect(merged.isComplete).toBe(false);
  });
});
