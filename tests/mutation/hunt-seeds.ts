import { parseArgs } from "node:util";
import { runSimulation } from "../simulation/run-simulation.ts";

// Runs simulations of the sources as they are loaded, and prints as JSON which seeds failed, and by which invariant.

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "100" }, all: { type: "boolean", default: false } },
});

const found: { readonly seed: number; readonly invariant: string }[] = [];
for (let seed = 1; seed <= Number(values.seeds) && (values.all || found.length === 0); seed++) {
  const { failure } = await runSimulation({ seed });
  if (failure !== undefined) found.push({ seed, invariant: failure.invariant });
}
process.stdout.write(JSON.stringify(found));
