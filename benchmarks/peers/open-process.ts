import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import type { Command, Reply, Task } from "./messages.ts";

/** How long a process may take to end after its task. */
const endingMs = 20_000;

/** A process of a system, seen from the one that measures. */
export interface MeasuredProcess {
  /** Executions that it has seen, a few ms ago. */
  readonly handledCount: number;
  /** It has ended, or has told how its task ended. */
  readonly isOver: boolean;
  /** Resolves with the first reply of that name; rejects when the process fails or ends before. */
  hear<TName extends Reply["reply"]>(
    name: TName,
  ): Promise<Extract<Reply, { readonly reply: TName }>>;
  tell(command: Command): void;
  /** Resolves with what its task came to, when the process has ended. */
  finished(): Promise<unknown>;
  /** Ends it, however far it is. */
  kill(): void;
}

export interface ProcessOptions {
  /** Where to write a CPU profile, and under which name. */
  readonly profile?: { readonly folder: string; readonly name: string } | undefined;
}

/** Starts a process of its own for a task. */
export function openProcess(task: Task, { profile }: ProcessOptions = {}): MeasuredProcess {
  const profiling =
    profile === undefined
      ? []
      : [
          "--cpu-prof",
          `--cpu-prof-dir=${profile.folder}`,
          `--cpu-prof-name=${profile.name}.cpuprofile`,
        ];
  const child = fork(fileURLToPath(new URL("measured-process.ts", import.meta.url)), {
    execArgv: [...process.execArgv, ...profiling],
    // What systems print is told on standard error; the results have standard output to themselves.
    stdio: ["ignore", 2, 2, "ipc"],
  });
  const replies = collectReplies(child, task);
  const tell = (command: Command): void => {
    if (child.connected) child.send(command);
  };
  tell({ command: "begin", task });
  return {
    get handledCount() {
      return replies.handledCount;
    },
    get isOver() {
      return replies.isOver;
    },
    hear: (name) => replies.hear(name),
    tell,
    async finished() {
      const { value } = await replies.hear("done");
      if (child.exitCode === null && child.signalCode === null) {
        const killer = setTimeout(() => child.kill("SIGKILL"), endingMs);
        await once(child, "exit");
        clearTimeout(killer);
      }
      return value;
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

interface Replies {
  readonly handledCount: number;
  readonly isOver: boolean;
  hear<TName extends Reply["reply"]>(
    name: TName,
  ): Promise<Extract<Reply, { readonly reply: TName }>>;
}

function collectReplies(child: ChildProcess, task: Task): Replies {
  const heard = new Map<Reply["reply"], Reply>();
  const waiting = new Map<Reply["reply"], (reply: Reply) => void>();
  let handledCount = 0;
  let isOver = false;
  let fail: (error: Error) => void;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  const describe = (what: string): Error =>
    new Error(`The process of "${task.system}" for "${task.role}" ${what}`);
  child.on("message", (reply: Reply) => {
    if (reply.reply === "done" || reply.reply === "failed") isOver = true;
    if (reply.reply === "progress") handledCount = reply.handledCount;
    else if (reply.reply === "failed") fail(describe(`failed: ${reply.error}`));
    else if (waiting.has(reply.reply)) {
      waiting.get(reply.reply)?.(reply);
      waiting.delete(reply.reply);
    } else heard.set(reply.reply, reply);
  });
  child.on("error", (error) => fail(describe(`could not be started: ${error.message}`)));
  child.on("exit", (code, signal) => {
    isOver = true;
    fail(describe(`ended early (${String(code ?? signal)}): see above.`));
  });
  return {
    get handledCount() {
      return handledCount;
    },
    get isOver() {
      return isOver;
    },
    async hear<TName extends Reply["reply"]>(name: TName) {
      const known = heard.get(name);
      heard.delete(name);
      const reply =
        known ??
        (await Promise.race([
          failed,
          new Promise<Reply>((resolve) => {
            waiting.set(name, resolve);
          }),
        ]));
      return reply as Extract<Reply, { readonly reply: TName }>;
    },
  };
}
