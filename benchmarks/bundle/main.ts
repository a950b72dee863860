import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { describeDay } from "../support/machine.ts";
import { formatTable, writeReportSection } from "../support/report.ts";
import { formatNumber } from "../support/statistics.ts";
import { measureBundles } from "./measure.ts";

/** Prints how large each entry point is in a bundle; `--pin` makes that the contract, `--report` writes it into BENCHMARKS.md. */
const { values } = parseArgs({
  options: {
    pin: { type: "boolean", default: false },
    report: { type: "boolean", default: false },
  },
});
const sizes = await measureBundles();
const table = formatTable(
  ["entry point", "minified bytes", "gzipped bytes"],
  Object.entries(sizes).map(([name, { minified, gzipped }]) => [
    name,
    formatNumber(minified),
    formatNumber(gzipped),
  ]),
);
console.log(table);
if (values.pin)
  writeFileSync(new URL("pins.json", import.meta.url), `${JSON.stringify(sizes, null, 2)}\n`);
if (values.report)
  writeReportSection(
    "bundle",
    `${table}\n\n${describeDay()}. \`npm run bench bundle -- --report\``,
  );
