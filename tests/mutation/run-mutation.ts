import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Mutation } from "./mutations.ts";

const folder = dirname(fileURLToPath(import.meta.url));
const root = join(folder, "../..");
const execute = promisify(execFile);

/** A seed whose simulation failed, and by which invariant. */
export interface Find {
  readonly seed: number;
  readonly invariant: string;
}

/** Runs simulations with the bug planted: until the first that finds it, or all of the seeds from 1. */
export async function huntBySimulation(
  mutation: Mutation,
  { seedCount, isAll }: { readonly seedCount: number; readonly isAll: boolean },
): Promise<readonly Find[]> {
  const { stdout } = await runPlanted(mutation, "tests/mutation/hunt-seeds.ts", [
    "--seeds",
    String(seedCount),
    ...(isAll ? ["--all"] : []),
  ]);
  return JSON.parse(stdout) as readonly Find[];
}

/** Runs a case of the conformance suite with the bug planted, and gives the names of those that failed. */
export async function huntByConformance(
  mutation: Mutation,
  caseName: string,
): Promise<readonly string[]> {
  const { stdout } = await runPlanted(mutation, "tests/mutation/hunt-cases.ts", [
    "--filter",
    caseName,
  ]);
  return JSON.parse(stdout) as readonly string[];
}

/** Rejects with what the program printed as an error when it does not end well: a bug that could not be planted is no miss. */
function runPlanted(
  { name }: Mutation,
  file: string,
  programArguments: readonly string[],
): Promise<{ readonly stdout: string }> {
  const plant = `--import=${join(folder, "plant.ts")}`;
  return execute(
    process.execPath,
    ["--conditions=queuert-source", plant, file, ...programArguments],
    {
      cwd: root,
      env: { ...process.env, QUEUERT_MUTATION: name },
    },
  );
}
