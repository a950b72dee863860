// `npm run conformance [-- --json FILE] [--set NAME] [--only ADAPTER] [--adapter TEXT] [--filter TEXT] [--seed NUMBER]`: the contract of each
// adapter, as a report. Sets: `essential`, the adapters as most have them, with the pairs for the engine; `variants`, other ways of keeping the tables;
// `libraries`, the other client libraries, on the suites in which a library can make a difference; `all`, everything, whole.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import {
  formatConformanceReport,
  listSuites,
  runConformance,
  type ConformanceFixture,
  type ConformanceReport,
} from "@queuert/conformance";

import { fixtures, postgresLibraryFixtures, postgresVariants } from "./adapters.ts";
import { pairs } from "./pairs.ts";
import { openMainServerDoor } from "./postgres/main-server-door.ts";

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    set: { type: "string", default: "all" },
    only: { type: "string" },
    adapter: { type: "string" },
    filter: { type: "string" },
    seed: { type: "string" },
  },
});
const { adapter, filter, json, only, seed } = values;

const sets: Readonly<Record<string, readonly ConformanceFixture[]>> = {
  essential: [...fixtures, ...pairs],
  variants: postgresVariants,
  libraries: postgresLibraryFixtures,
};
const candidates = sets[values.set] ?? Object.values(sets).flat();
const chosen = candidates.filter(
  ({ name }) =>
    (adapter === undefined || name.includes(adapter)) && (only === undefined || name === only),
);
if (chosen.length === 0)
  console.error(
    `No adapter is named like that. There are: ${candidates.map(({ name }) => name).join(", ")}.`,
  );

/** Where operations, statements and rows meet the client library; the rest of the contract is the same SQL with all of them. */
const librarySuites = new Set([
  "close",
  "concurrency",
  "isolation",
  "migrate",
  "payloads",
  "settle in a transaction",
  "start chains",
  "transaction",
]);
/** PGlite has one connection: where a case looks from outside into an open transaction, it would wait for ever. */
const oneConnectionSuites = new Set(librarySuites);
oneConnectionSuites.delete("settle in a transaction");

function suitesOf(fixture: ConformanceFixture): ReturnType<typeof listSuites> | undefined {
  if (!postgresLibraryFixtures.includes(fixture)) return undefined;
  const isOneConnection = !fixture.capabilities.includes("concurrentReaders");
  if (values.set === "all" && !isOneConnection) return undefined;
  const names = isOneConnection ? oneConnectionSuites : librarySuites;
  return listSuites().filter(({ name }) => names.has(name));
}

const door = await openMainServerDoor();
const reports: ConformanceReport[] = [];
for (const fixture of chosen) {
  const report = await runConformance({
    fixture,
    suites: suitesOf(fixture),
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
await door.dispose();
// A failed case may have left a transaction open, which would keep the process alive.
process.exit(failed === 0 && (passed ?? 0) > 0 ? 0 : 1);
