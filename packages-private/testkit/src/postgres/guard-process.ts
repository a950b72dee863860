// The process behind `openGuard`: owns a folder and the program that works in it. Its parent may die in any way; what
// tells is the channel between the two, which the system closes then.
import { spawn, type ChildProcess } from "node:child_process";
import { chownSync, closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { GuardCommand, GuardEvent } from "./guard-messages.ts";
import { findServerUser } from "./server-user.ts";

/** How long a program may take to end by itself. */
const endTimeoutMs = 10_000;

const user = await findServerUser();
const folder = mkdtempSync(join(tmpdir(), "queuert-server-"));
if (user !== undefined) chownSync(folder, user.uid, user.gid);
let running: ChildProcess | undefined;

function tell(event: GuardEvent): void {
  if (process.connected) process.send?.(event);
}

function run({ program, programArguments, env }: GuardCommand & { kind: "run" }): void {
  const log = openSync(join(folder, "log"), "a");
  const child = spawn(program, programArguments, {
    ...user,
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  running = child;
  const end = (event: GuardEvent): void => {
    running = undefined;
    tell(event);
    if (!process.connected) leave();
  };
  child.once("spawn", () => tell({ kind: "running", pid: child.pid ?? 0 }));
  child.once("error", (error) => end({ kind: "exited", code: null, error: error.message }));
  child.once("exit", (code) => end({ kind: "exited", code }));
}

function leave(): void {
  // A program that died with work in hand may have children that write for a moment longer.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  process.exit();
}

process.on("message", (command: GuardCommand) => {
  if (command.kind === "run") run(command);
  else running?.kill(command.signal);
});
process.once("disconnect", () => {
  if (running === undefined) leave();
  // Both PostgreSQL and PgBouncer end at once on this signal.
  running?.kill("SIGQUIT");
  setTimeout(() => running?.kill("SIGKILL"), endTimeoutMs);
});
// The parent may have died before anybody listened.
if (process.connected) tell({ kind: "opened", folder });
else leave();
