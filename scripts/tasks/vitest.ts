// `npm run vitest -- [arguments]`: Vitest with the pinned Node, for one file, one project or watching.
import { runCommand } from "../lib/process.ts";

const { code } = await runCommand("vitest", process.argv.slice(2), { isShown: true });
process.exitCode = code;
