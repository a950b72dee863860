import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { GuardCommand, GuardEvent } from "./guard-messages.ts";

/** A program that the guard runs. */
export interface GuardedProgram {
  readonly pid: number;
  /** Its exit code, `null` when a signal ended it. Does not reject. */
  readonly exited: Promise<number | null>;
  /** Nothing happens when the program has ended. */
  signal(name: NodeJS.Signals): void;
}

/** A process that runs servers for this one, and ends them with it. */
export interface Guard {
  /** The programs work here. Belongs to the user they run as, who is never root, and is removed in the end. */
  readonly folder: string;
  /** Starts a program, one at a time. Rejects when it cannot be started. */
  run(
    program: string,
    programArguments: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<GuardedProgram>;
  /** What the programs wrote to standard output and standard error. */
  readLog(): Promise<string>;
  /** Ends the program at once and removes the folder; resolves when both are gone. The death of this process does the same. */
  close(): Promise<void>;
}

export async function openGuard(): Promise<Guard> {
  const script = fileURLToPath(new URL("guard-process.ts", import.meta.url));
  const child = spawn(process.execPath, [script], {
    // Ctrl+C in a terminal goes to its whole group: the guard outlives it, to clean up.
    detached: true,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = once(child, "exit");

  const next = async <TKind extends GuardEvent["kind"]>(
    ...kinds: readonly TKind[]
  ): Promise<Extract<GuardEvent, { kind: TKind }>> =>
    new Promise((resolve, reject) => {
      const receive = (event: GuardEvent): void => {
        if (!(kinds as readonly string[]).includes(event.kind)) return;
        child.off("message", receive);
        child.off("exit", fail);
        resolve(event as Extract<GuardEvent, { kind: TKind }>);
      };
      const fail = (): void => {
        reject(new Error("The guard of a test server ended before its time."));
      };
      child.on("message", receive);
      child.once("exit", fail);
    });
  const tell = (command: GuardCommand): void => void child.send(command);

  const { folder } = await next("opened");
  const readLog = async (): Promise<string> =>
    readFile(join(folder, "log"), "utf8").catch(() => "");
  return {
    folder,
    readLog,
    async run(program, programArguments, env = {}) {
      // Both are awaited from the start: a program may end as soon as it has begun.
      const begun = next("running", "exited");
      const exited = next("exited").then(
        ({ code }) => code,
        () => null,
      );
      tell({ kind: "run", program, programArguments, env });
      const event = await begun;
      if (event.kind === "exited")
        throw new Error(`"${program}" cannot be started: ${event.error ?? "unknown"}`);
      return {
        pid: event.pid,
        exited,
        signal: (signal) => tell({ kind: "signal", signal }),
      };
    },
    async close() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
