// `npm run check [-- STEP …]`: the quick half of the tests, before every commit.
import { selectSteps } from "../lib/select-steps.ts";
import { runSteps } from "../lib/steps.ts";
import { steps } from "../steps.ts";

process.exitCode = await runSteps(
  selectSteps(
    steps.filter(({ lane }) => lane === "check"),
    process.argv.slice(2),
  ),
);
