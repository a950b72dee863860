import { parseArgs } from "node:util";
import { runConformance } from "@queuert/conformance";
import { memoryFixture, pairs } from "@queuert/testkit";

// Runs one case of the conformance suite on the sources as they are loaded, and prints as JSON the names of those that failed.

const { values } = parseArgs({ options: { filter: { type: "string", default: "" } } });

const failed = new Set<string>();
for (const fixture of [memoryFixture, ...pairs.filter(({ name }) => name === "memory × memory")]) {
  const { cases } = await runConformance({ fixture, filter: values.filter, shuffleSeed: 1 });
  for (const { name, outcome } of cases) if (outcome === "failed") failed.add(name);
}
process.stdout.write(JSON.stringify([...failed]), () => {
  // A failed case may have left a transaction open, which would keep the process alive.
  process.exit();
});
