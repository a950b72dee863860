import { parseArgs } from "node:util";
import { mutations, type Mutation } from "./mutations.ts";
import { huntByConformance, huntBySimulation } from "./run-mutation.ts";

// `npm run node -- tests/mutation/main.ts [--seeds 200] [--name fence]`: in how many seeds the simulation finds each planted bug, and by which invariants.

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "200" }, name: { type: "string", default: "" } },
});
const seedCount = Number(values.seeds);
const chosen = mutations.filter(({ name }) => name.includes(values.name));
const missedByCase = "its case passes";
let missCount = 0;

for (const mutation of chosen) {
  const finds = await huntBySimulation(mutation, { seedCount, isAll: true });
  const caseNote = await describeCase(mutation);
  if (finds.length === 0 || caseNote === missedByCase) missCount++;
  const invariants = [...new Set(finds.map(({ invariant }) => invariant))].join(", ");
  print(
    `${mutation.name}: ${finds.length} of ${seedCount} seeds, the first ${finds[0]?.seed} (${invariants}); ${caseNote}`,
  );
}
print(`${chosen.length - missCount} passed, ${missCount} failed`);
process.exitCode = missCount === 0 ? 0 : 1;

async function describeCase(mutation: Mutation): Promise<string> {
  const { failingCase } = mutation;
  if (failingCase === undefined) return "no case is meant to find it";
  const failed = await huntByConformance(mutation, failingCase);
  return failed.includes(failingCase) ? "its case fails" : missedByCase;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
