// Starts worker processes, listens to them, and kills them.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import type { ShopMessage, WorkerMessage } from "./messages.ts";

export interface StaffOptions {
  readonly location: string;
  readonly names: readonly string[];
  readonly onTold: (told: WorkerMessage & { kind: "told" }, workerName: string) => void;
  /** Whether the worker is killed here. */
  readonly onCrashPoint: (orderId: string, workerName: string) => "die" | "goOn";
}

export interface Staff {
  /** Rejects when a worker dies that nobody killed. */
  readonly accident: Promise<never>;
  /** Resolves when all have stopped. */
  stop(): Promise<void>;
}

/** Resolves when all have begun to work. */
export async function startStaff(options: StaffOptions): Promise<Staff> {
  const workers = options.names.map((name) => startWorker(name, options));
  const accident = Promise.race(workers.map((worker) => worker.accident));
  // Nobody may be looking at the moment that it happens; the story is, as long as it waits for orders.
  accident.catch(() => undefined);
  await Promise.race([accident, Promise.all(workers.map((worker) => worker.started))]);
  return {
    accident,
    async stop() {
      await Promise.all(workers.map((worker) => stopWorker(worker.child)));
    },
  };
}

interface WorkerProcess {
  readonly child: ChildProcess;
  readonly started: Promise<void>;
  readonly accident: Promise<never>;
}

function startWorker(
  name: string,
  { location, onTold, onCrashPoint }: StaffOptions,
): WorkerProcess {
  const child = fork(fileURLToPath(new URL("worker.ts", import.meta.url)), [name, location], {
    // Up to Node 24, node:sqlite says that it is experimental.
    execArgv: [...process.execArgv, "--disable-warning=ExperimentalWarning"],
  });
  let isKilled = false;
  const started = new Promise<void>((resolve) => {
    child.on("message", (message: WorkerMessage) => {
      switch (message.kind) {
        case "started":
          resolve();
          break;
        case "told":
          onTold(message, name);
          break;
        case "crashPoint":
          if (onCrashPoint(message.orderId, name) === "die") isKilled = child.kill("SIGKILL");
          else send(child, { kind: "goOn", orderId: message.orderId });
          break;
      }
    });
  });
  const accident = new Promise<never>((_resolve, reject) => {
    child.on("exit", (code, signal) => {
      if (code !== 0 && !isKilled) {
        reject(new Error(`The worker process ${name} ended with ${code ?? signal}.`));
      }
    });
  });
  return { child, started, accident };
}

async function stopWorker(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  send(child, { kind: "stop" });
  await exit;
}

function send(child: ChildProcess, message: ShopMessage): void {
  child.send(message);
}
