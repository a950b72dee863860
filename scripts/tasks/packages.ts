// Looks at the packed tarballs with the eyes of package managers and of TypeScript: publint and attw.
import { listPublishedPackages } from "../lib/packages.ts";
import { at } from "../lib/paths.ts";
import { runCommand } from "../lib/process.ts";

let passed = 0;
let failed = 0;
for (const { shortName } of listPublishedPackages()) {
  const tarball = at(".cache/tarballs", `${shortName}.tgz`);
  const results = await Promise.all([
    runCommand("publint", ["run", "--strict", tarball]),
    // The packages are ES modules for Node's and bundlers' resolution; the older ways are not supported.
    runCommand("attw", [tarball, "--profile", "esm-only"]),
  ]);
  for (const { code, output } of results) {
    if (code === 0) {
      passed += 1;
    } else {
      failed += 1;
      console.log(`${shortName}\n${output}`);
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
