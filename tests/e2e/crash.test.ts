import {
  spawn,
  type ChildProcess,
  type SpawnOptionsWithStdioTuple,
  type StdioNull,
  type StdioPipe,
} from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { createClient, createWorker } from "queuert";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { jobTypes, leaseMs, openState } from "./fixtures/crash-program.ts";

/**
 * Processes that really die, on a real file: kill -9 and `process.abort()`, where the in-process suites only stop answering. What is expected is
 * that nothing is lost, whatever the time it takes.
 */
const program = fileURLToPath(new URL("fixtures/crash-program.ts", import.meta.url));

type Role = "holder" | "committer" | "victim" | "starter";

let directory: string;
let filename: string;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "queuert-crash-"));
  filename = join(directory, "queue.db");
});

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  await rm(directory, { recursive: true, force: true });
});

async function openClient() {
  const state = openState(filename);
  closers.push(() => state.close());
  await state.migrate();
  const client = await createClient({ jobTypes, state });
  closers.push(() => client.close());
  return client;
}

/** A process in a role, and what it says. */
class Mortal {
  readonly lines: string[] = [];
  readonly exited: Promise<NodeJS.Signals | number | null>;
  readonly #process: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #errors = "";
  #hasExited = false;

  constructor(role: Role) {
    // What the system writes of a process that aborts stays in the directory of the test.
    const options: SpawnOptionsWithStdioTuple<StdioNull, StdioPipe, StdioPipe> = {
      cwd: directory,
      stdio: ["ignore", "pipe", "pipe"],
    };
    const child = spawn(
      process.execPath,
      ["--conditions=queuert-source", program, filename, role],
      options,
    );
    this.#process = child;
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.lines.push(line);
      this.#tell();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    this.exited = new Promise((resolve) => {
      child.on("close", (code, signal) => {
        this.#hasExited = true;
        resolve(signal ?? code);
        this.#tell();
      });
    });
    closers.push(() => this.kill());
  }

  /** Resolves when it has said `count` lines; rejects when it has exited before. */
  said(count = 1): Promise<void> {
    return new Promise((resolve, reject) => {
      const watch = (): void => {
        if (this.lines.length >= count) resolve();
        else if (this.#hasExited)
          reject(
            new Error(
              `The process has exited after ${this.lines.length} of ${count} lines.\n${this.#errors}`,
            ),
          );
      };
      this.#watchers.add(watch);
      watch();
    });
  }

  async kill(): Promise<unknown> {
    this.#process.kill("SIGKILL");
    return this.exited;
  }

  #tell(): void {
    for (const watch of this.#watchers) watch();
  }
}

describe("processes that die", () => {
  it("A9 P4: a fleet of three that is killed with its hands full leaves no job behind", async () => {
    const client = await openClient();
    const chains = await client.startChains({
      tx: "autocommit",
      chains: Array.from({ length: 25 }, (_, input) => ({ type: "slow" as const, input })),
    });
    const fleet = [new Mortal("holder"), new Mortal("holder"), new Mortal("holder")];
    await Promise.all(fleet.map((member) => member.said(5)));
    const interrupted = new Set(
      fleet.flatMap(({ lines }) => lines.map((line) => line.replace("running ", ""))),
    );
    expect(interrupted.size).toBe(15);
    await Promise.all(fleet.map((member) => member.kill()));

    const attempts = new Map<string, number>();
    const survivor = createWorker(client, {
      leaseMs,
      pollIntervalMs: 50,
      handlers: {
        slow: async ({ job }) => {
          attempts.set(job.id, job.attempt);
          return `survived ${job.input}`;
        },
      },
    });
    await survivor.start();
    closers.push(() => survivor.stop());
    const outputs = await Promise.all(
      chains.map(async (chain) => (await client.awaitChain({ chain, pollIntervalMs: 50 })).output),
    );
    expect(outputs).toEqual(chains.map((_, input) => `survived ${input}`));
    for (const [jobId, attempt] of attempts)
      expect({ jobId, attempt }).toEqual({ jobId, attempt: interrupted.has(jobId) ? 2 : 1 });
    expect((await client.inspect.listWorkers()).map(({ workerId }) => workerId)).toEqual([
      survivor.id,
    ]);
  });

  it("P2 P5: a process that is killed inside its commit leaves none of its writes, and its attempt counts", async () => {
    const client = await openClient();
    const chain = await client.startChain({ tx: "autocommit", type: "slow", input: 1 });
    const committer = new Mortal("committer");
    await committer.said();
    await committer.kill();
    const heir = createWorker(client, {
      leaseMs,
      pollIntervalMs: 50,
      handlers: { slow: async ({ job }) => `attempt ${job.attempt}` },
    });
    await heir.start();
    closers.push(() => heir.stop());
    expect((await client.awaitChain({ chain, pollIntervalMs: 50 })).output).toBe("attempt 2");
    expect((await client.inspect.countChains({ types: ["note"] })).count).toBe(0);
    expect(await client.inspect.listAttempts({ jobId: `${chain.id}:0` })).toMatchObject([
      { attempt: 1, outcome: "lost" },
    ]);
  });

  it("P5 D4: a job that aborts every process that runs it fails after its attempts, and the next process lives", async () => {
    const client = await openClient();
    const chain = await client.startChain({ tx: "autocommit", type: "poison" });
    const ended = client.awaitChain({ chain, pollIntervalMs: 50 }).then(
      () => "completed",
      (error: { code: string }) => error.code,
    );
    const attempts: string[] = [];
    for (let life = 1; life <= 3; life++) {
      const victim = new Mortal("victim");
      expect(await victim.exited).toBe("SIGABRT");
      attempts.push(...victim.lines.filter((line) => line.startsWith("attempt")));
    }
    const last = new Mortal("victim");
    expect(await ended).toBe("CHAIN_FAILED");
    expect(attempts).toEqual(["attempt 1", "attempt 2", "attempt 3"]);
    expect(last.lines).toEqual(["started"]);
    expect(await client.inspect.getJob({ jobId: `${chain.id}:0` })).toMatchObject({
      status: "failed",
      attempt: 3,
      error: { code: "ATTEMPTS_EXHAUSTED" },
    });
  });

  it("P1: a start inside a transaction that was killed before its commit does not exist, and holds up nobody", async () => {
    const client = await openClient();
    const starter = new Mortal("starter");
    await starter.said();
    expect((await client.inspect.countChains()).count).toBe(0);
    await starter.kill();
    await client.startChain({ tx: "autocommit", type: "note", input: "after" });
    expect((await client.inspect.countChains()).count).toBe(1);
  });
});
