// `npm run tsc -- [arguments]`: the compiler with the pinned Node, for one project at a time.
import { runCommand } from "../lib/process.ts";

const { code } = await runCommand("tsc", process.argv.slice(2), {
  cwd: process.cwd(),
  isShown: true,
});
process.exitCode = code;
