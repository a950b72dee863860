// `npm run surface [-- --update]`: compares the built public surface with etc/<package>.api.txt, or rewrites that text.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { listPublishedPackages } from "../lib/packages.ts";
import { at } from "../lib/paths.ts";
import { runCommand, runScript } from "../lib/process.ts";
import { printSurface, readSurface } from "../lib/surface.ts";

const { values } = parseArgs({
  options: {
    update: { type: "boolean", default: false },
    built: { type: "boolean", default: false },
  },
});

// The check has built already; a person who asks for the surface wants that of the sources as they are.
if (!values.built) {
  const { code } = await runScript(at("scripts/tasks/build.ts"), [], { isShown: true });
  if (code !== 0) process.exit(code);
}

await mkdir(at("etc"), { recursive: true });
await mkdir(at(".cache/surface"), { recursive: true });
let passed = 0;
let failed = 0;
for (const published of listPublishedPackages()) {
  const file = `etc/${published.shortName}.api.txt`;
  const text = printSurface(readSurface(published));
  if (values.update) {
    await writeFile(at(file), text);
    passed += 1;
  } else if (text === (await readFile(at(file), "utf8").catch(() => ""))) {
    passed += 1;
  } else {
    failed += 1;
    const actual = at(".cache/surface", `${published.shortName}.api.txt`);
    await writeFile(actual, text);
    const { stdout } = await runCommand("diff", ["-uN", at(file), actual]);
    console.log(
      `${file} differs from the built surface. If this is meant: npm run surface -- --update\n${stdout}`,
    );
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
