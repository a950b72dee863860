import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

const mainOf = (example: string): string =>
  fileURLToPath(new URL(`../../examples/${example}/main.ts`, import.meta.url));

function run(example: string, ...parameters: readonly string[]): readonly string[] {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=queuert-source", mainOf(example), ...parameters],
    { encoding: "utf8", timeout: 30_000 },
  );
  expect(status, stdout + stderr).toBe(0);
  return [...stdout.split("\n"), ...stderr.split("\n")].filter((line) => line !== "");
}

/** What each of the loggers has to tell of the two parcels that are sent, and of nothing else. */
const eventCounts = {
  "chain.started": 2,
  "attempt.started": 5,
  "attempt.ended": 5,
  "job.continued": 2,
  "chain.closed": 2,
};

function countEvents(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    Object.keys(eventCounts).map((event) => [event, names.filter((name) => name === event).length]),
  );
}

describe("plain logging: what is committed, and nothing of what rolled back (P6)", () => {
  test("on the console", () => {
    const lines = run("logging-console").filter((line) => /^\d{4}-/.test(line));
    expect(countEvents(lines.map((line) => line.split(" ")[2]!))).toEqual(eventCounts);
    const retried = lines.find((line) => line.includes("outcome=retried"));
    expect(retried).toContain("WARN attempt.ended");
    expect(retried).toContain('error="Error: Nobody was in."');
    expect(run("logging-console", "warn").filter((line) => /^\d{4}-/.test(line)).length).toBe(1);
  });

  test("with pino", () => {
    const entries = run("logging-pino").map(
      (line) => JSON.parse(line) as { level: number; msg: string; err?: { message: string } },
    );
    expect(countEvents(entries.map(({ msg }) => msg))).toEqual(eventCounts);
    expect(entries.filter(({ err }) => err !== undefined)).toMatchObject([
      { level: 40, msg: "attempt.ended", err: { type: "Error", message: "Nobody was in." } },
    ]);
  });

  test("with winston", () => {
    const entries = run("logging-winston").map(
      (line) => JSON.parse(line) as { level: string; message: string; error?: string },
    );
    expect(countEvents(entries.map(({ message }) => message))).toEqual(eventCounts);
    expect(entries.filter(({ error }) => error !== undefined)).toMatchObject([
      { level: "warn", message: "attempt.ended", error: "Nobody was in." },
    ]);
  });
});

test("Prometheus scrapes a service", async () => {
  const folder = mkdtempSync(join(tmpdir(), "queuert-prometheus-"));
  const service = spawn(
    process.execPath,
    ["--conditions=queuert-source", mainOf("prometheus"), "0", join(folder, "service.db")],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = once(service, "exit");
  try {
    const [line] = (await once(createInterface({ input: service.stdout }), "line")) as [string];
    const url = /http:\S+/.exec(line)![0];
    const scrape = async (): Promise<string> => (await fetch(url)).text();
    await expect
      .poll(scrape, { timeout: 20_000 })
      .toMatch(/^queuert_chain_duration_count\{.*queuert_chain_status="completed".*\} [1-9]/m);
    const text = await scrape();
    for (const name of [
      "messaging_client_sent_messages_total",
      "messaging_process_duration_bucket",
      "queuert_job_count",
      "queuert_job_ready_age",
      "queuert_worker_count",
      "queuert_worker_slot_usage",
    ])
      expect(text).toContain(`\n${name}{`);
  } finally {
    service.kill("SIGTERM");
  }
  // It ends by itself, with everything closed.
  expect(await ended).toEqual([0, null]);
  rmSync(folder, { recursive: true });
});
