// `npm run conformance [-- --json FILE]`: the contract of each adapter in this repository, as a report.
import { resolve } from "node:path";

import { runScript } from "../lib/process.ts";

const reportArguments = process.argv.slice(2);
const jsonIndex = reportArguments.indexOf("--json");
const jsonPath = jsonIndex === -1 ? undefined : reportArguments[jsonIndex + 1];
// The report runs at the root; the path was given from where the user stands.
if (jsonPath !== undefined) reportArguments[jsonIndex + 1] = resolve(jsonPath);
const { code } = await runScript(
  "packages-private/testkit/src/conformance-report.ts",
  reportArguments,
  { isShown: true },
);
process.exitCode = code;
