// `npm run conformance [-- --json FILE] [--adapter NAME] [--filter TEXT] [--seed NUMBER]`: the contract of each adapter, as a report.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import {
  formatConformanceReport,
  runConformance,
  type ConformanceReport,
} from "@queuert/conformance";

import { fixtures } from "./adapters.ts";
import { pairs } from "./pairs.ts";

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    adapter: { type: "string" },
    filter: { type: "string" },
    seed: { type: "string" },
  },
});
const { adapter, filter, json, seed } = values;

const chosen = [...fixtures, ...pairs].filter(
  (fixture) => adapter === undefined || fixture.name.includes(adapter),
);
if (chosen.length === 0)
  console.error(
    `No adapter is named like "${adapter}". There are: ${[...fixtures, ...pairs].map((fixture) => fixture.name).join(", ")}.`,
  );

const reports: ConformanceReport[] = [];
for (const fixture of chosen) {
  const report = await runConformance({
    fixture,
    filter,
    shuffleSeed: seed === undefined ? undefined : Number(seed),
  });
  console.log(`${formatConformanceReport(report)}\n`);
  reports.push(report);
}
if (json !== undefined) await writeFile(json, `${JSON.stringify(reports, undefined, 2)}\n`);

const [passed, failed, skipped] = (["passed", "failed", "skipped"] as const).map((outcome) =>
  reports.reduce((sum, report) => sum + report.counts[outcome], 0),
);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
// A failed case may have left a transaction open, which would keep the process alive.
process.exit(failed === 0 && (passed ?? 0) > 0 ? 0 : 1);
