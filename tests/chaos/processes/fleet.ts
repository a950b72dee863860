import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import type { Random } from "queuert/testing";

import type { RunMessage, WorkerMessage, WorkerSettings } from "./messages.ts";

const program = fileURLToPath(new URL("worker-process.ts", import.meta.url));
/** How long a process may take to come or to go. */
const patienceMs = 60_000;

export interface FleetOptions {
  readonly memberCount: number;
  /** The settings of a place in the fleet; `life` counts the processes that have had it, from 1. */
  readonly settingsOf: (place: number, life: number) => WorkerSettings;
  readonly onSeen: (counts: Readonly<Record<string, number>>) => void;
  /** Something that no fault explains: an error, or a process that ended by itself. */
  readonly onSurprise: (text: string) => void;
}

/** Worker processes, each in a place; who is killed is followed by another. */
export interface Fleet {
  readonly memberCount: number;
  /** Ends a process at once, as a lack of memory does. */
  kill(place: number): Promise<void>;
  /** Stops a process in its tracks for so long: it learns of nothing and keeps all that it holds. */
  freeze(place: number, ms: number): Promise<void>;
  /** Stops a process as a deployment does, and starts the next. */
  replace(place: number): Promise<void>;
  tellAll(message: RunMessage): void;
  /** Resolves when all processes have ended. */
  stop(): Promise<void>;
  /** Ends all processes at once. */
  dispose(): void;
}

interface Member {
  readonly place: number;
  readonly life: number;
  readonly child: ChildProcess;
  readonly started: Promise<void>;
  isExpectedToEnd: boolean;
}

/** Resolves when all members have started. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const members: Member[] = Array.from({ length: options.memberCount }, (_, place) =>
    startMember(place, 1, options),
  );
  const dispose = (): void => {
    for (const member of members) {
      member.isExpectedToEnd = true;
      member.child.kill("SIGKILL");
    }
  };
  // A process that is frozen would outlive this one.
  process.once("exit", dispose);
  const succeed = ({ place, life }: Member): void => {
    members[place] = startMember(place, life + 1, options);
  };
  try {
    await Promise.all(members.map(async ({ started }) => started));
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    memberCount: members.length,
    async kill(place) {
      const member = members[place]!;
      member.isExpectedToEnd = true;
      const exit = exitOf(member);
      member.child.kill("SIGKILL");
      await exit;
      succeed(member);
    },
    async freeze(place, ms) {
      const { child } = members[place]!;
      child.kill("SIGSTOP");
      await wait(ms);
      child.kill("SIGCONT");
    },
    async replace(place) {
      const member = members[place]!;
      await stopMember(member);
      succeed(member);
    },
    tellAll(message) {
      for (const { child } of members) if (child.connected) child.send(message);
    },
    async stop() {
      await Promise.all(members.map(stopMember));
    },
    dispose() {
      process.off("exit", dispose);
      dispose();
    },
  };
}

/** A place by chance. */
export function pickPlace(random: Random, { memberCount }: Fleet): number {
  return random.between(0, memberCount - 1);
}

function startMember(place: number, life: number, options: FleetOptions): Member {
  const { settingsOf, onSeen, onSurprise } = options;
  const child = fork(program, [JSON.stringify(settingsOf(place, life))], {
    execArgv: ["--conditions=queuert-source", "--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let errors = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4_000);
  });
  const started = new Promise<void>((resolve, reject) => {
    child.on("message", (message: WorkerMessage) => {
      switch (message.kind) {
        case "started":
          resolve();
          break;
        case "seen":
          onSeen(message.counts);
          break;
        case "surprise":
          onSurprise(message.text);
          break;
      }
    });
    child.on("close", () => reject(new Error(`A worker process ended at its start.\n${errors}`)));
  });
  started.catch(() => undefined);
  const member: Member = { place, life, child, started, isExpectedToEnd: false };
  child.on("close", (code, signal) => {
    if (!member.isExpectedToEnd || (signal === null && code !== 0))
      onSurprise(`A worker process ended with ${signal ?? code}.\n${errors}`);
  });
  return member;
}

/** Told to stop only when it listens: a message that comes before is lost. */
async function stopMember(member: Member): Promise<void> {
  const exit = exitOf(member);
  await Promise.race([member.started, exit]);
  member.isExpectedToEnd = true;
  if (member.child.connected) member.child.send({ kind: "stop" } satisfies RunMessage);
  const isLate = await Promise.race([exit, wait(patienceMs, "late", { ref: false })]);
  if (isLate === "late") {
    member.child.kill("SIGKILL");
    throw new Error("A worker process did not stop.");
  }
}

async function exitOf({ child }: Member): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return undefined;
  return once(child, "exit");
}
