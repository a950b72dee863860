import { parseArgs } from "node:util";
import { runSimulation, type SimulationResult } from "./run-simulation.ts";

// Runs simulations from the command line:
//   node --conditions=queuert-source tests/simulation/main.ts --seed 1 --steps 80 --runs 200

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    steps: { type: "string", default: "80" },
    runs: { type: "string", default: "1" },
    trace: { type: "string", default: "0" },
  },
});
const [seed, steps, runs, traceLineCount] = [
  Number(values.seed),
  Number(values.steps),
  Number(values.runs),
  Number(values.trace),
];
const startedAtMs = performance.now();
const results: SimulationResult[] = [];
const totals = new Map<string, number>();

for (let run = 0; run < runs; run++) {
  const result = await runSimulation({ seed: seed + run, steps });
  results.push(result);
  for (const [name, count] of result.counts) totals.set(name, (totals.get(name) ?? 0) + count);
  if (result.verdict !== "pass" || traceLineCount > 0) report(result);
}

function report(result: SimulationResult): void {
  if (traceLineCount > 0) print(result.trace.slice(-traceLineCount).join("\n"));
  if (result.violation !== undefined)
    print(`${result.verdict}  seed ${result.seed}  ${result.violation.message}`);
  else print(`${result.verdict}  seed ${result.seed}`);
  print(
    `  replay: node --conditions=queuert-source tests/simulation/main.ts --seed ${result.seed} --steps ${result.steps} --trace 200\n`,
  );
}

const countOf = (verdict: string): number =>
  results.filter((result) => result.verdict === verdict).length;
const sum = (pick: (result: SimulationResult) => number): number =>
  results.reduce((total, result) => total + pick(result), 0);
const seconds = (performance.now() - startedAtMs) / 1_000;
print(
  [...totals]
    .toSorted(([left], [right]) => left.localeCompare(right))
    .map(([name, count]) => `  ${name}: ${count}`)
    .join("\n"),
);
print(
  `${countOf("pass")} passed, ${countOf("fail")} failed, ${countOf("inconclusive")} inconclusive, in ${seconds.toFixed(1)} s: ` +
    `${sum(({ eventCount }) => eventCount)} events, ${sum(({ chainCount }) => chainCount)} chains, ${sum(({ executionCount }) => executionCount)} executions, ` +
    `${(sum(({ virtualMs }) => virtualMs) / 3_600_000).toFixed(1)} hours of virtual time.`,
);
if (runs === 1) print(`trace ${results[0]!.traceHash}`);
process.exitCode = countOf("fail") > 0 ? 1 : 0;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
