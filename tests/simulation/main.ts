import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { runCampaign } from "./campaign.ts";
import { describeFailure } from "./failure-report.ts";
import { parsePlan, planOptions } from "./plan-arguments.ts";
import { runSimulation } from "./run-simulation.ts";
import type { RangeResult } from "./seed-range.ts";

// `npm run simulate -- --seeds 1000 [--from 1] [--steps 80] [--processes 2] [--fresh]`: many seeds; a failing one prints the command that replays it.
// `npm run simulate -- --seed 71 [--steps 80 | --only 3,7] [--without slow,crash] [--trace 200]`: one run, with the last lines of what happened.

const { values } = parseArgs({
  options: {
    ...planOptions,
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    processes: { type: "string", default: String(Math.min(2, availableParallelism())) },
    fresh: { type: "boolean", default: false },
    trace: { type: "string", default: "0" },
  },
});

if (values.seed === undefined) await runMany();
else await runOne();

async function runOne(): Promise<void> {
  const result = await runSimulation(parsePlan(values));
  const traceLineCount = Number(values.trace);
  if (traceLineCount > 0) print(result.trace.slice(-traceLineCount).join("\n"));
  if (result.verdict === "pass") print(`pass: ${result.eventCount} events`);
  else print(await describeFailure(result));
  print(`trace ${result.traceHash}`);
  process.exitCode = result.verdict === "pass" ? 0 : 1;
}

async function runMany(): Promise<void> {
  const startedAtMs = performance.now();
  const count = Number(values.seeds);
  const result = await runCampaign({
    from: Number(values.from),
    count,
    steps: parsePlan({ steps: values.steps }).steps,
    processCount: Number(values.processes),
    isFresh: values.fresh,
    onRange: ({ failures }, doneCount) => {
      for (const failure of failures) print(failure);
      if (doneCount % 1_000 === 0 && doneCount < count)
        print(`${doneCount} of ${count} seeds done`);
    },
  });
  printTotals(result, (performance.now() - startedAtMs) / 1_000);
  process.exitCode = result.failures.length === 0 && result.passCount > 0 ? 0 : 1;
}

function printTotals(result: RangeResult, seconds: number): void {
  const { passCount, failures, eventCount, chainCount, executionCount, virtualMs } = result;
  const names = Object.keys(result.counts).toSorted();
  print(names.map((name) => `  ${name}: ${result.counts[name]}`).join("\n"));
  print(
    `${eventCount} events, ${chainCount} chains, ${executionCount} executions, ${(virtualMs / 3_600_000).toFixed(1)} hours of virtual time, ` +
      `in ${seconds.toFixed(1)} s`,
  );
  print(`${passCount} passed, ${failures.length} failed`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
