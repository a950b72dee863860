// `npm run node -- file.ts`: runs a file with the pinned Node and the packages seen as source.
import { runScript } from "../lib/process.ts";

const [file, ...rest] = process.argv.slice(2);
if (file === undefined) throw new Error("Usage: npm run node -- FILE [arguments]");
const { code } = await runScript(file, rest, { cwd: process.cwd(), isShown: true });
process.exitCode = code;
