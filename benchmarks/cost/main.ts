import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { describeDay, describeMachine } from "../support/machine.ts";
import { formatTable, writeReportSection } from "../support/report.ts";
import { formatNumber } from "../support/statistics.ts";
import { databases, type JobCosts } from "./measure.ts";

/** Prints what a job costs each database; `--pin` makes that the contract, `--report` writes it into BENCHMARKS.md. */
const { values } = parseArgs({
  options: {
    database: { type: "string" },
    pin: { type: "boolean", default: false },
    report: { type: "boolean", default: false },
  },
});
if (values.database !== undefined && (values.pin || values.report))
  throw new Error("Pins and the report hold all databases: leave --database out.");

const measured: Record<string, JobCosts> = {};
for (const [database, measureCosts] of Object.entries(databases))
  if (values.database === undefined || values.database === database)
    measured[database] = await measureCosts();

const tables = Object.entries(measured).map(([database, costs]) => {
  const kinds = Object.keys(Object.values(costs)[0] ?? {});
  const rows = Object.entries(costs).map(([way, cost]) => [
    way,
    ...kinds.map((kind) => formatNumber(cost[kind] ?? Number.NaN)),
  ]);
  return formatTable([`per job on ${database}`, ...kinds], rows);
});
console.log(tables.join("\n\n"));

if (values.pin)
  writeFileSync(new URL("pins.json", import.meta.url), `${JSON.stringify(measured, null, 2)}\n`);
if (values.report)
  writeReportSection(
    "cost",
    [...tables, `${describeDay()}; ${describeMachine()}. \`npm run bench cost -- --report\``].join(
      "\n\n",
    ),
  );
