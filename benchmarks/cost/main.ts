import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { measureJobCosts } from "./measure.ts";

/** Prints what a job costs the database; `--pin` makes that the contract. */
const { values } = parseArgs({ options: { pin: { type: "boolean", default: false } } });
const costs = await measureJobCosts();
console.log(
  `${"per job".padEnd(26)}${"commits".padStart(10)}${"statements".padStart(12)}${"WAL bytes".padStart(12)}`,
);
for (const [name, cost] of Object.entries(costs)) {
  console.log(
    `${name.padEnd(26)}${cost.commits.toFixed(4).padStart(10)}${cost.statements.toFixed(2).padStart(12)}${cost.walBytes.toFixed(0).padStart(12)}`,
  );
}
if (values.pin)
  writeFileSync(new URL("pins.json", import.meta.url), `${JSON.stringify(costs, null, 2)}\n`);
