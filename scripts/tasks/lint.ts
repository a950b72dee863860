// `npm run lint [-- --fix]`
import { runCommand } from "../lib/process.ts";

const { code } = await runCommand("oxlint", process.argv.slice(2), { isShown: true });
process.exitCode = code;
