import { describe, expect, it } from "vitest";

import { readModule } from "./imports.ts";
import { findCycles, findViolations } from "./violations.ts";

function messagesFor(path: string, source: string): string[] {
  return findViolations([readModule(path, source)], { "packages/sqlite": ["queuert"] }).map(
    ({ message }) => message,
  );
}

describe("a planted violation is found", () => {
  it.each([
    [
      "packages/core/src/engine/a.ts",
      `export const a = new Date();`,
      "takes time from the process, not from the clock",
    ],
    [
      "packages/core/src/engine/a.ts",
      `export const a = Date();`,
      "takes time from the process, not from the clock",
    ],
    [
      "packages/core/src/model/a.ts",
      `import { b } from "../engine/b.ts";`,
      "model must not import engine",
    ],
    [
      "packages/core/src/model/a.ts",
      `import type { B } from "../ports/b.ts";`,
      "model must not import ports",
    ],
    [
      "packages/core/src/ports/a.ts",
      `export * from "../engine/b.ts";`,
      "ports must not import engine",
    ],
    [
      "packages/core/src/memory/a.ts",
      `type A = import("../engine/b.ts").B;`,
      "memory must not import engine",
    ],
    [
      "packages/core/src/engine/a.ts",
      `await import("../client/b.ts");`,
      "engine must not import client",
    ],
    [
      "packages/core/src/worker/a.ts",
      `import { b } from "../client/b.ts";`,
      "worker must not import client",
    ],
    ["packages/core/src/engine/a.ts", `import { b } from "../index.ts";`, "goes through a door"],
    ["packages/core/src/cellar/a.ts", `export const a = 1;`, "a room that the rules do not know"],
    ["packages/core/src/index.ts", `import { readFile } from "node:fs";`, "must not need Node"],
    ["packages/core/src/index.ts", `import { z } from "zod";`, "has no dependencies"],
    ["packages/conformance/src/a.ts", `import { it } from "vitest";`, "has no dependencies"],
    [
      "packages/sqlite/src/a.ts",
      `import { a } from "../../core/src/index.ts";`,
      "reaches into another package",
    ],
    [
      "packages/sqlite/src/a.test.ts",
      `import { a } from "../../core/src/index.ts";`,
      "reaches into another package",
    ],
    [
      "packages/sqlite/src/a.ts",
      `import { a } from "queuert/src/model/a.ts";`,
      "must not import queuert/src",
    ],
    ["packages/sqlite/src/a.ts", `import { a } from "kysely";`, "does not declare: kysely"],
    [
      "packages/dashboard/src/a.ts",
      `import { a } from "queuert/adapter";`,
      "must not import queuert/adapter",
    ],
    [
      "packages/attic/src/a.ts",
      `import { a } from "queuert";`,
      "a package that the rules do not know",
    ],
    ["packages/core/src/index.ts", `export default 1;`, "has a default export"],
    ["packages/core/src/index.ts", `const a = 1; export { a as default };`, "has a default export"],
    [
      "packages/core/src/index.ts",
      `export const a = (name: string) => import(name);`,
      "only known at run time",
    ],
  ])("%s: %s", (path, source, message) => {
    expect(messagesFor(path, source)).toEqual([expect.stringContaining(message)]);
  });
});

describe("what the rules allow is left alone", () => {
  it.each([
    ["packages/core/src/engine/a.ts", `import { b } from "../model/b.ts";`],
    ["packages/core/src/worker/a.ts", `import type { B } from "../client/b.ts";`],
    ["packages/core/src/index.ts", `export * from "./client/a.ts";`],
    ["packages/core/src/model/a.ts", `// import { b } from "../engine/b.ts";`],
    ["packages/core/src/model/a.test.ts", `import { it } from "vitest"; import "../memory/a.ts";`],
    ["packages/sqlite/src/a.ts", `import { a } from "queuert/adapter"; import "node:sqlite";`],
  ])("%s: %s", (path, source) => {
    expect(messagesFor(path, source)).toEqual([]);
  });
});

describe("import cycles", () => {
  const cycle = (kind: string) => [
    readModule("packages/core/src/model/a.ts", `import { b } from "./b.ts";`),
    readModule("packages/core/src/model/b.ts", `import { c } from "./c.ts";`),
    readModule("packages/core/src/model/c.ts", `${kind} { a } from "./a.ts";`),
  ];

  it("are found at run time", () => {
    expect(findCycles(cycle("import"))).toHaveLength(1);
    expect(findCycles(cycle("export"))).toHaveLength(1);
  });

  it("made of types are no cycles", () => {
    expect(findCycles(cycle("import type"))).toEqual([]);
  });
});
