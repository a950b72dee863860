import { spawn } from "node:child_process";
import { constants } from "node:os";

import { root } from "./paths.ts";

export interface CommandResult {
  readonly code: number;
  /** Standard output and standard error, in the order they came. */
  readonly output: string;
  readonly stdout: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  /** Shows the output while it comes instead of collecting it. */
  readonly isShown?: boolean;
  /** Variables beside those of this process, or instead of them. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ScriptOptions extends CommandOptions {
  /** The Node to run under; the pinned one by default. */
  readonly node?: string;
}

/** Runs a program to its end. A program that cannot be started or dies of a signal has a code other than 0. */
export async function runCommand(
  command: string,
  commandArguments: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const stdout: Buffer[] = [];
    const child = spawn(command, commandArguments, {
      cwd: options.cwd ?? root,
      // Output that is kept to be shown later goes through no terminal: no colours.
      env:
        options.isShown === true
          ? { ...process.env, ...options.env }
          : { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, ...options.env },
      stdio: options.isShown === true ? "inherit" : ["ignore", "pipe", "pipe"],
    });
    child.stdout?.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      stdout.push(chunk);
    });
    child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", (error) => {
      chunks.push(Buffer.from(`${command}: ${error.message}\n`));
      resolve({ code: 127, output: Buffer.concat(chunks).toString(), stdout: "" });
    });
    child.on("close", (code, signal) => {
      resolve({
        code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]),
        output: Buffer.concat(chunks).toString(),
        stdout: Buffer.concat(stdout).toString(),
      });
    });
  });
}

/** Runs a TypeScript file of the repository with its packages seen as source. */
export async function runScript(
  file: string,
  scriptArguments: readonly string[] = [],
  { node = process.execPath, ...options }: ScriptOptions = {},
): Promise<CommandResult> {
  return runCommand(node, ["--conditions=queuert-source", file, ...scriptArguments], options);
}
