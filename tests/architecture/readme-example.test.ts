import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { findSnippets, toProgram } from "./readme-snippets.ts";

/** The pages whose TypeScript is checked, and what the first snippet of each prints. */
const pages = [
  { page: "README.md", prints: "shipped as T-1\n" },
  { page: "packages/core/README.md", prints: "{ receipt: 'receipt of A-1' }\n" },
  { page: "docs/simulation.md", prints: "20 seeds, nothing untrue\n" },
];

const root = fileURLToPath(new URL("../..", import.meta.url));
const cache = join(root, ".cache");
let folder: string;

// Inside of the repository, so that the packages are found.
beforeAll(() => {
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(join(cache, "readme-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function runNode(nodeArguments: readonly string[]) {
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
  return spawnSync(process.execPath, nodeArguments, { cwd: folder, encoding: "utf8", env });
}

describe.each(pages)("$page", ({ page, prints }) => {
  const snippets = findSnippets(readFileSync(join(root, page), "utf8"));
  const name = page.replaceAll("/", "-");

  it("has TypeScript that compiles against the packages", () => {
    writeFileSync(join(folder, `${name}.ts`), toProgram(snippets));
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: "@queuert/tsconfig/base.json",
        // A snippet names what it shows and does not use all of it.
        compilerOptions: { noUnusedLocals: false },
        files: [`${name}.ts`],
      }),
    );
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    const { status, stdout } = runNode([compiler, "--noEmit", "-p", folder]);
    expect(stdout, "lines are those of the page").toBe("");
    expect(status).toBe(0);
  }, 60_000);

  it("begins with an example that does what it says", () => {
    const file = join(folder, `${name}.first.ts`);
    writeFileSync(file, toProgram(snippets.slice(0, 1)));
    const flags = ["--conditions=queuert-source", "--disable-warning=ExperimentalWarning"];
    const { stdout, stderr } = runNode([...flags, file]);
    expect(stderr).toBe("");
    expect(stdout).toBe(prints);
  }, 60_000);
});
