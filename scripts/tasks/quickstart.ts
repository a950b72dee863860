// `npm run quickstart`: the example of the README, run from source.
import { runScript } from "../lib/process.ts";

const { code } = await runScript("examples/quickstart/main.ts", process.argv.slice(2), {
  isShown: true,
});
process.exitCode = code;
