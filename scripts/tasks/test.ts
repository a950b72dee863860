// `npm test [-- STEP …]`: everything, or the named steps with those they need.
import { selectSteps } from "../lib/select-steps.ts";
import { runSteps } from "../lib/steps.ts";
import { steps } from "../steps.ts";

process.exitCode = await runSteps(selectSteps(steps, process.argv.slice(2)));
