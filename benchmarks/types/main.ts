// Prints what the public types cost: `node benchmarks/types/main.ts [--pin] [name …]`. `--pin` rewrites pins.json.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCases } from "./cases.ts";
import { compilers, measure, prepare, type Compiler } from "./measure.ts";

const isPinning = process.argv.includes("--pin");
const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const cases = createCases().filter(({ name, isPinned }) =>
  isPinning ? isPinned : names.length === 0 || names.includes(name),
);
const versions = Object.keys(compilers) as Compiler[];
const pins: Record<string, Record<string, number>> = {};

prepare();
console.log(
  `| case | ${versions.map((version) => `TS ${version} instantiations | check`).join(" | ")} |`,
);
console.log(`|---|${"--:|--:|".repeat(versions.length)}`);
for (const program of cases) {
  const cells = versions.map((version) => {
    const { instantiations, checkSeconds } = measure(program, version);
    pins[program.name] = { ...pins[program.name], [version]: instantiations };
    return `${instantiations.toLocaleString("en")} | ${checkSeconds.toFixed(2)} s`;
  });
  console.log(`| ${program.name} | ${cells.join(" | ")} |`);
}
if (isPinning) {
  writeFileSync(join(import.meta.dirname, "pins.json"), `${JSON.stringify(pins, undefined, 2)}\n`);
}
