import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import type { Case } from "./cases.ts";

const root = dirname(dirname(import.meta.dirname));
/** Inside the repository, so that the programs find its packages. */
const folder = join(root, ".cache", "benchmarks-types");
const core = join(root, "packages", "core", "src");
const require = createRequire(import.meta.url);

/** The compilers, newest and oldest, by the name under which they are installed. */
export const compilers = { "7": "typescript", "6": "typescript-6" } as const;
export type Compiler = keyof typeof compilers;

/** What a compiler says about a program. */
export interface Cost {
  /** Exact: the same on every machine. */
  readonly instantiations: number;
  /** As measured here and now. */
  readonly checkSeconds: number;
}

const options = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  target: "es2023",
  lib: ["es2023"],
  module: "nodenext",
  moduleDetection: "force",
  types: [],
};
const globals = join(root, "packages-private", "tsconfig", "web-globals.d.ts");

/**
 * Writes the declarations of core, as a user gets them: only what the user's program costs is measured, and a change of
 * core's sources outside the public types moves no pin.
 */
export function prepare(): void {
  mkdirSync(folder, { recursive: true });
  const entries = [
    "client/client-api.ts",
    "worker/worker-api.ts",
    "types/define-job-types.ts",
    "types/json.ts",
  ];
  const config = writeConfig("core.tsconfig.json", {
    compilerOptions: {
      ...options,
      declaration: true,
      emitDeclarationOnly: true,
      rewriteRelativeImportExtensions: true,
      rootDir: core,
      outDir: join(folder, "core"),
    },
    files: [globals, ...entries.map((entry) => join(core, entry))],
  });
  try {
    compile("7", config);
  } catch {
    // An error elsewhere in core is for the type check to report; the declarations are written all the same.
  }
  writeFileSync(
    join(folder, "api.ts"),
    `import type { CreateClient } from "./core/client/client-api.js";
import type { CreateWorker, DefineHandlers } from "./core/worker/worker-api.js";
export { defineJobTypes } from "./core/types/define-job-types.js";
export { json } from "./core/types/json.js";
export type { StateAdapter } from "./core/ports/state-adapter.js";
export declare const createClient: CreateClient;
export declare const createWorker: CreateWorker;
export declare const defineHandlers: DefineHandlers;
`,
  );
}

/** Checks a program. Throws with the compiler's words when it has an error: a wrong program costs something else. */
export function measure(program: Case, compiler: Compiler): Cost {
  writeFileSync(join(folder, `${program.name}.ts`), program.source);
  const config = writeConfig(`${program.name}.tsconfig.json`, {
    compilerOptions: { ...options, noEmit: true },
    files: [globals, `${program.name}.ts`],
  });
  const report = compile(compiler, config, "--extendedDiagnostics");
  return {
    instantiations: read(report, "Instantiations"),
    checkSeconds: read(report, "Check time"),
  };
}

function writeConfig(name: string, config: { compilerOptions: object; files: string[] }): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(config));
  return path;
}

function compile(compiler: Compiler, config: string, ...flags: string[]): string {
  const manifest = require.resolve(`${compilers[compiler]}/package.json`);
  const { bin } = require(manifest) as { bin: { tsc: string } };
  const threads = compiler === "7" ? ["--singleThreaded"] : [];
  const command = [
    join(dirname(manifest), bin.tsc),
    "-p",
    config,
    "--pretty",
    "false",
    ...threads,
    ...flags,
  ];
  try {
    return execFileSync(process.execPath, command, { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout = "" } = error as { stdout?: string };
    throw new Error(
      `TypeScript ${compiler} refuses ${relative(root, config)}:\n${stdout.slice(0, 2_000)}`,
      { cause: error },
    );
  }
}

function read(report: string, label: string): number {
  const value = new RegExp(`^${label}:\\s+([\\d.]+)`, "m").exec(report)?.[1];
  if (value === undefined) {
    throw new Error(`The compiler's report has no line "${label}".`);
  }
  return Number(value);
}
