// Compiled, not run: what a definition comes to as a plain shape, and what is refused.
import { expectTypeOf } from "vitest";
import { z } from "zod";
import { defineJobTypes } from "./define-job-types.ts";
import type { JobTypes, TypesOf } from "./job-types.ts";
import { json } from "./json.ts";

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

// @ts-expect-error There is no job type "c" to continue with.
defineJobTypes<{ a: { continueWith: "c" } }>();
// @ts-expect-error There is no job type "c" to continue with.
defineJobTypes({ a: { continueWith: "c" } });
// @ts-expect-error A blocker is a chain, and "a" cannot start one: it lacks entry: true.
defineJobTypes({ a: { blockers: { own: "a" } } });
// @ts-expect-error input.at: JSON cannot carry a Date.
defineJobTypes({ a: { input: json<{ at: Date }>() } });
