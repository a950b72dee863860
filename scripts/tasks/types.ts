// Checks the types of every project of the repository: packages with their tests, scripts, tests, examples, benchmarks.
import { globSync } from "node:fs";
import { dirname } from "node:path";

import { at, root } from "../lib/paths.ts";
import { runCommand } from "../lib/process.ts";

const folders = globSync(
  "{packages/*,packages-private/*,examples/*,benchmarks,scripts,tests,website}/tsconfig.json",
  { cwd: root },
)
  .map((path) => dirname(path))
  .filter(
    (folder) =>
      globSync("**/*.{ts,tsx}", { cwd: at(folder), exclude: ["**/node_modules", "**/dist"] })
        .length > 0,
  )
  .toSorted();

let passed = 0;
let failed = 0;
for (const folder of [...folders, "."]) {
  const { code, output } = await runCommand("tsc", ["--noEmit", "--project", folder]);
  if (code === 0) {
    passed += 1;
  } else {
    failed += 1;
    console.log(`${folder}\n${output}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
