import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { readModule } from "./imports.ts";
import { findCycles, findViolations, isTestFile } from "./violations.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const exclude = ["**/node_modules/**", "**/dist/**"];

const modules = globSync("{packages,packages-private,examples}/*/**/*.ts", { cwd: root, exclude })
  .filter((path) => !path.endsWith(".d.ts"))
  .map((path) => readModule(path, readFileSync(join(root, path), "utf8")));

const manifests = globSync("{packages,packages-private,examples}/*/package.json", {
  cwd: root,
}).map((path) => ({
  folder: dirname(path),
  manifest: JSON.parse(readFileSync(join(root, path), "utf8")) as {
    dependencies?: Record<string, string>;
    peerDependencies?: Record<string, string>;
    exports?: Record<string, unknown>;
  },
}));

const declared = Object.fromEntries(
  manifests.map(({ folder, manifest }) => [
    folder,
    Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
  ]),
);

describe("the sources", () => {
  it("are found", () => {
    expect(modules.length).toBeGreaterThan(0);
  });

  it("keep the dependency rules", () => {
    expect(findViolations(modules, declared)).toEqual([]);
  });

  it("have no import cycle at run time", () => {
    expect(findCycles(modules.filter(({ path }) => !isTestFile(path)))).toEqual([]);
  });
});

describe("the manifests", () => {
  it("give core no dependency", () => {
    expect(declared["packages/core"]).toEqual([]);
  });

  it("export no wildcard", () => {
    const wildcards = manifests.flatMap(({ folder, manifest }) =>
      Object.keys(manifest.exports ?? {})
        .filter((name) => name.includes("*"))
        .map((name) => `${folder}: ${name}`),
    );
    expect(wildcards).toEqual([]);
  });
});
