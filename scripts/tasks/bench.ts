// `npm run bench NAME`: one benchmark; without a name, the list of them.
import { globSync } from "node:fs";
import { basename, dirname } from "node:path";

import { exists, root } from "../lib/paths.ts";
import { runScript } from "../lib/process.ts";

const [name, ...rest] = process.argv.slice(2);
if (name === undefined || !exists(`benchmarks/${name}/main.ts`)) {
  const names = globSync("benchmarks/*/main.ts", { cwd: root }).map((path) =>
    basename(dirname(path)),
  );
  console.log(`Usage: npm run bench NAME\nBenchmarks: ${names.toSorted().join(", ") || "none"}`);
  process.exitCode = name === undefined ? 0 : 1;
} else {
  const { code } = await runScript(`benchmarks/${name}/main.ts`, rest, { isShown: true });
  process.exitCode = code;
}
