// `npm run chaos NAME -- --minutes N`: real processes and real databases under faults; without a name, the list of scenarios.
// `npm run chaos soak -- --minutes N`, `npm run chaos differential -- --seeds N`: what is kept over time; memory and databases, step by step.
import { runScript } from "../lib/process.ts";

const [name, ...rest] = process.argv.slice(2);
const { code } =
  name === "soak" || name === "differential"
    ? await runScript(`tests/chaos/${name}/main.ts`, rest, { isShown: true })
    : await runScript("tests/chaos/main.ts", process.argv.slice(2), { isShown: true });
process.exitCode = code;
