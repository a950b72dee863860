import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ensureNode } from "../node/ensure-node.mjs";
import { runCommand, runScript, type CommandOptions, type CommandResult } from "./process.ts";
import type { StepResult } from "./steps.ts";

/** A command that passes or fails as a whole: one test. */
export function command(
  name: string,
  commandArguments: readonly string[],
  options?: CommandOptions,
) {
  return async (): Promise<StepResult> =>
    countByCode(await runCommand(name, commandArguments, options));
}

/** A script that may close with a line `N passed, N failed[, N skipped]`; without one it counts as a single test. */
export function script(
  file: string,
  scriptArguments?: readonly string[],
  options?: CommandOptions,
) {
  return async (): Promise<StepResult> =>
    countByClosingLine(await runScript(file, scriptArguments, options));
}

/** The same under another Node of the matrix. */
export function scriptUnderNode(major: string, file: string, scriptArguments?: readonly string[]) {
  return async (): Promise<StepResult> => {
    const node = await ensureNode(major);
    if (node === undefined) throw new Error(`There is no Node ${major} for this platform.`);
    return countByClosingLine(await runScript(file, scriptArguments, { node }));
  };
}

function countByCode({ code, output }: CommandResult): StepResult {
  return code === 0 ? { passed: 1, failed: 0, output } : { passed: 0, failed: 1, output };
}

const closingLine =
  /^(?:\w+: )?(?<passed>\d+) passed, (?<failed>\d+) failed(?:, (?<skipped>\d+) skipped)?$/gm;

function countByClosingLine(result: CommandResult): StepResult {
  const groups = [...result.stdout.matchAll(closingLine)].at(-1)?.groups;
  if (groups === undefined) return countByCode(result);
  const failed = Number(groups["failed"]);
  return {
    passed: Number(groups["passed"]),
    // A script that counts no failure and still exits with one has failed outside its tests.
    failed: result.code === 0 ? failed : Math.max(1, failed),
    skipped: Number(groups["skipped"] ?? 0),
    output: result.output,
  };
}

/** One project of vitest.config.ts. */
export function vitestProject(name: string) {
  return async (): Promise<StepResult> => {
    const folder = await mkdtemp(join(tmpdir(), "queuert-vitest-"));
    try {
      const report = join(folder, "report.json");
      const { code, output } = await runCommand("vitest", [
        "run",
        `--project=${name}`,
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${report}`,
      ]);
      const counts = JSON.parse(await readFile(report, "utf8").catch(() => "{}")) as {
        numPassedTests?: number;
        numFailedTests?: number;
        numPendingTests?: number;
        numTodoTests?: number;
      };
      const failed = counts.numFailedTests ?? 0;
      return {
        passed: counts.numPassedTests ?? 0,
        // A file that cannot be loaded fails the run without failing a test.
        failed: code === 0 ? failed : Math.max(1, failed),
        skipped: (counts.numPendingTests ?? 0) + (counts.numTodoTests ?? 0),
        output: withoutPasses(output),
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

/** A failure is not to be looked for between the hundreds of lines of what passed. */
function withoutPasses(output: string): string {
  return output
    .split("\n")
    .filter((line) => !/^\s*✓/u.test(line))
    .join("\n");
}
