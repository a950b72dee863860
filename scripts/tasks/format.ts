// `npm run format`: writes the one format; with --check it only looks.
import { runCommand } from "../lib/process.ts";

const { code } = await runCommand("oxfmt", process.argv.slice(2), { isShown: true });
process.exitCode = code;
