import { globSync } from "node:fs";
import { availableParallelism } from "node:os";

import { root } from "./paths.ts";

export interface StepResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped?: number;
  /** Shown when the step fails. */
  readonly output: string;
}

export interface Step {
  readonly name: string;
  /** `check` is the quick half; `test` runs both. */
  readonly lane: "check" | "test";
  /** Steps that must have passed before this one. */
  readonly needs?: readonly string[];
  /** A glob. While nothing matches it, the step is not in the list at all. */
  readonly when?: string;
  readonly run: () => Promise<StepResult>;
}

interface FinishedStep {
  readonly step: Step;
  readonly result: StepResult;
  readonly seconds: number;
}

function describeSeconds(seconds: number): string {
  return `${seconds.toFixed(1)} s`;
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `  | ${line}`)
    .join("\n");
}

async function runStep(step: Step): Promise<FinishedStep> {
  const startedAt = performance.now();
  let result: StepResult;
  try {
    result = await step.run();
  } catch (error) {
    result = {
      passed: 0,
      failed: 1,
      output: error instanceof Error ? String(error.stack) : String(error),
    };
  }
  // A step that ran nothing has shown nothing.
  if (result.passed + result.failed === 0) {
    result = { ...result, failed: 1, output: `${result.output}\nThe step ran no test.` };
  }
  return { step, result, seconds: (performance.now() - startedAt) / 1000 };
}

function printTable(finished: readonly FinishedStep[], blocked: readonly Step[]): void {
  const nameWidth = Math.max(
    4,
    ...[...finished.map(({ step }) => step), ...blocked].map(({ name }) => name.length),
  );
  const row = (name: string, cells: readonly string[]): string =>
    [name.padEnd(nameWidth), ...cells.map((cell) => cell.padStart(8))].join("  ");
  console.log(`\n${row("step", ["passed", "failed", "skipped", "time"])}`);
  for (const { step, result, seconds } of finished) {
    const counts = [result.passed, result.failed, result.skipped ?? 0].map(String);
    console.log(row(step.name, [...counts, describeSeconds(seconds)]));
  }
  for (const step of blocked)
    console.log(
      `${row(step.name, ["-", "-", "-", "-"])}  not run: needs ${step.needs?.join(", ")}`,
    );
}

/**
 * Runs steps side by side, each after those it needs, and prints a table and a closing line of counts.
 * Returns the exit code: 0 only when something ran and nothing failed.
 */
export async function runSteps(steps: readonly Step[]): Promise<number> {
  const startedAt = performance.now();
  const listed = steps.filter(
    ({ when }) => when === undefined || globSync(when, { cwd: root }).length > 0,
  );
  const listedNames = new Set(listed.map(({ name }) => name));
  const waiting = new Set(listed);
  const passedNames = new Set<string>();
  const running = new Set<Promise<void>>();
  const finished: FinishedStep[] = [];

  const isReady = (step: Step): boolean =>
    (step.needs ?? []).every((name) => passedNames.has(name) || !listedNames.has(name));

  const finishStep = async (step: Step): Promise<void> => {
    const done = await runStep(step);
    finished.push(done);
    const isPassed = done.result.failed === 0;
    if (isPassed) passedNames.add(step.name);
    console.log(
      `${isPassed ? "ok    " : "FAILED"} ${step.name} (${describeSeconds(done.seconds)})`,
    );
    if (!isPassed) console.log(indent(done.result.output));
  };

  for (;;) {
    const next =
      running.size < Math.max(2, Math.floor(availableParallelism() / 2))
        ? [...waiting].find(isReady)
        : undefined;
    if (next !== undefined) {
      waiting.delete(next);
      const run = finishStep(next).finally(() => running.delete(run));
      running.add(run);
    } else if (running.size > 0) {
      await Promise.race(running);
    } else {
      break;
    }
  }

  const blocked = [...waiting];
  const order = new Map(listed.map(({ name }, index) => [name, index]));
  finished.sort(
    (left, right) => (order.get(left.step.name) ?? 0) - (order.get(right.step.name) ?? 0),
  );
  printTable(finished, blocked);

  let passed = 0;
  let failed = blocked.length;
  let skipped = 0;
  for (const { result } of finished) {
    passed += result.passed;
    failed += result.failed;
    skipped += result.skipped ?? 0;
  }
  console.log(
    `${finished.length} steps in ${describeSeconds((performance.now() - startedAt) / 1000)}\n`,
  );
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  return failed === 0 && passed > 0 ? 0 : 1;
}
