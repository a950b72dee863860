// `npm run simulate [-- --seeds N | --seed S]`: seeded runs of workers, users and faults; a failing seed prints the command that replays it.
import { runScript } from "../lib/process.ts";

const { code } = await runScript("tests/simulation/main.ts", process.argv.slice(2), {
  isShown: true,
});
process.exitCode = code;
