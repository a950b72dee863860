// Compiled, not run: what a definition comes to as a plain shape, and what is refused.
import { expectTypeOf } from "vitest";
import { z } from "zod";
import { defineJobTypes } from "./define-job-types.ts";
import type { JobTypes, TypesOf } from "./job-types.ts";
import { json } from "./json.ts";
import type { InputOf, ReadOutput } from "./look-ups.ts";
import type { ReturnedOutput } from "./outcomes.ts";

export const byValue = defineJobTypes({
  a: {
    entry: true,
    input: z.object({ at: z.iso.datetime().transform((text) => new Date(text)) }),
    continueWith: ["b", "a"],
  },
  b: {
    input: json<{ q: string }>(),
    output: json<1>(),
    continueWith: "a",
    blockers: { one: "a", many: ["a"] },
  },
  c: {},
});
type Shape = TypesOf<typeof byValue>;
expectTypeOf<keyof Shape>().toEqualTypeOf<"a" | "b" | "c">();
expectTypeOf<Shape["a"]["entry"]>().toEqualTypeOf<true>();
expectTypeOf<Shape["a"]["input"]>().toEqualTypeOf<{ at: string }>();
expectTypeOf<Shape["a"]["decoded"]["input"]>().toEqualTypeOf<{ at: Date }>();
expectTypeOf<Shape["a"]["continueWith"]>().toEqualTypeOf<"a" | "b">();
expectTypeOf<Shape["b"]>().toEqualTypeOf<{
  input: { q: string };
  output: 1;
  continueWith: "a";
  blockers: { one: "a"; many: "a"[] };
}>();
expectTypeOf<keyof Shape["c"]>().toEqualTypeOf<never>();

// Both forms give the same shape.
interface Plain {
  a: { entry: true; input: { x: string }; continueWith: "b" };
  b: { output: number };
}
export const plain: JobTypes<Plain> = defineJobTypes<Plain>();
export const value: JobTypes<Plain> = defineJobTypes({
  a: { entry: true, input: json<{ x: string }>(), continueWith: "b" },
  b: { output: json<number>() },
});
expectTypeOf<TypesOf<typeof plain>>().toEqualTypeOf<Plain>();

// An optional property of a definition by types is the same as a union with undefined.
interface Optional {
  a: { entry: true; input?: { x: string }; output?: number };
}
expectTypeOf<InputOf<Optional, "a">>().toEqualTypeOf<{ x: string } | undefined>();
expectTypeOf<ReadOutput<Optional["a"]>>().toEqualTypeOf<number | undefined>();
expectTypeOf<ReturnedOutput<Optional["a"]>>().toEqualTypeOf<number | undefined | void>();
expectTypeOf<InputOf<{ c: object }, "c">>().toEqualTypeOf<undefined>();
defineJobTypes<Optional>();

// @ts-expect-error There is no job type "c" to continue with.
defineJobTypes<{ a: { continueWith: "c" } }>();
// @ts-expect-error There is no job type "c" to continue with.
defineJobTypes({ a: { continueWith: "c" } });
// @ts-expect-error A blocker is a chain, and "a" cannot start one: it lacks entry: true.
defineJobTypes({ a: { blockers: { own: "a" } } });
// @ts-expect-error input.at: JSON cannot carry a Date.
defineJobTypes({ a: { input: json<{ at: Date }>() } });
