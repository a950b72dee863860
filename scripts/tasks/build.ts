// Compiles every published package to its dist folder, each after those it depends on.
import { globSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";

import { listPublishedPackages } from "../lib/packages.ts";
import { at } from "../lib/paths.ts";
import { runCommand } from "../lib/process.ts";

/**
 * The compiler rewrites `./file.ts` to `./file.js` in what runs and leaves it in declarations. TypeScript itself finds
 * the declaration either way; other readers of declarations look for the file that is named.
 */
async function renameDeclaredImports(folder: string): Promise<void> {
  for (const file of globSync("dist/**/*.d.ts", { cwd: at(folder) })) {
    const path = at(folder, file);
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replaceAll(/((?:from |import\()"\.{1,2}\/[^"]+)\.ts"/g, '$1.js"'));
  }
}

let passed = 0;
let failed = 0;
for (const { folder } of listPublishedPackages()) {
  await rm(at(folder, "dist"), { recursive: true, force: true });
  const { code, output } = await runCommand("tsc", ["--project", `${folder}/tsconfig.build.json`]);
  if (code === 0) {
    await renameDeclaredImports(folder);
    passed += 1;
  } else {
    failed += 1;
    console.log(`${folder}\n${output}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
