import { describe, expect, test, vi } from "vitest";
import { AttemptLostError } from "../errors/attempt-errors.ts";
import type { DomainEvent, EmittedEvent } from "../ports/telemetry.ts";
import { createConsoleLogger } from "./console-logger.ts";
import type { LogLevel } from "./event-level.ts";

const chain = { chainId: "c1", chainType: "order" };
const job = { ...chain, jobId: "c1:0", type: "order.ship" };
const attempt = { ...job, attempt: 2, workerId: "w1" };
const error = new TypeError("no rate");
type Ended = Extract<DomainEvent, { name: "attempt.ended" }>;

/** At least one event of every name, with the level and the rest of its line. */
const lines: Readonly<
  Record<DomainEvent["name"], readonly (readonly [DomainEvent, LogLevel, string])[]>
> = {
  "chain.started": [
    [
      {
        name: "chain.started",
        jobStatus: "ready",
        isDeferred: false,
        labels: { tenant: "a" },
        traceContext: "{}",
        ...chain,
      },
      "info",
      "jobStatus=ready isDeferred=false chainId=c1 chainType=order",
    ],
  ],
  "chain.deduplicated": [
    [
      { name: "chain.deduplicated", outcome: "same id", ...chain },
      "debug",
      'outcome="same id" chainId=c1 chainType=order',
    ],
  ],
  "chain.closed": [
    [
      { name: "chain.closed", status: "failed", durationMs: 70, jobCount: 2, ...chain },
      "info",
      "status=failed durationMs=70 jobCount=2 chainId=c1 chainType=order",
    ],
  ],
  "chain.redriven": [[{ name: "chain.redriven", ...chain }, "info", "chainId=c1 chainType=order"]],
  "chain.deleted": [[{ name: "chain.deleted", ...chain }, "info", "chainId=c1 chainType=order"]],
  "chains.retired": [
    [
      {
        name: "chains.retired",
        status: "completed",
        chainType: "order",
        count: 12,
        workerId: "w1",
      },
      "info",
      "status=completed chainType=order count=12 workerId=w1",
    ],
  ],
  "job.continued": [
    [
      {
        name: "job.continued",
        nextType: "note",
        nextJobId: "c1:1",
        nextStatus: "ready",
        ...job,
      },
      "debug",
      "nextType=note nextJobId=c1:1 nextStatus=ready chainId=c1 chainType=order jobId=c1:0 type=order.ship",
    ],
  ],
  "job.completedWithoutWorker": [
    [
      { name: "job.completedWithoutWorker", outcome: "completed", ...job },
      "debug",
      "outcome=completed chainId=c1 chainType=order jobId=c1:0 type=order.ship",
    ],
  ],
  "job.unblocked": [
    [
      { name: "job.unblocked", jobId: "c1:0", chainId: "c1", type: "order", blockedMs: 8 },
      "info",
      "jobId=c1:0 chainId=c1 type=order blockedMs=8",
    ],
  ],
  "job.triggered": [
    [
      { name: "job.triggered", jobId: "c1:0", chainId: "c1", type: "order" },
      "debug",
      "jobId=c1:0 chainId=c1 type=order",
    ],
  ],
  "job.rescheduled": [
    [
      { name: "job.rescheduled", jobId: "c1:0", chainId: "c1", type: "order" },
      "debug",
      "jobId=c1:0 chainId=c1 type=order",
    ],
  ],
  "attempt.started": [
    [
      { name: "attempt.started", waitMs: 3, ...attempt },
      "debug",
      "waitMs=3 chainId=c1 chainType=order jobId=c1:0 type=order.ship attempt=2 workerId=w1",
    ],
  ],
  "attempt.ended": (
    [
      ["completed", "debug"],
      ["continued", "debug"],
      ["rescheduled", "debug"],
      ["released", "debug"],
      ["cancelled", "info"],
      ["lost", "warn"],
      ["retried", "warn"],
      ["failed", "error"],
    ] as const satisfies readonly (readonly [Ended["outcome"], LogLevel])[]
  ).map(([outcome, level]) => [
    { name: "attempt.ended", outcome, durationMs: 5, error, retryInMs: 9, ...attempt },
    level,
    `outcome=${outcome} durationMs=5 error="TypeError: no rate" retryInMs=9 chainId=c1 chainType=order jobId=c1:0 type=order.ship attempt=2 workerId=w1`,
  ]),
  "attempt.aborted": [
    [
      { name: "attempt.aborted", reason: "timeout", ...attempt },
      "warn",
      "reason=timeout chainId=c1 chainType=order jobId=c1:0 type=order.ship attempt=2 workerId=w1",
    ],
    [
      { name: "attempt.aborted", reason: "shutdown", ...attempt },
      "info",
      "reason=shutdown chainId=c1 chainType=order jobId=c1:0 type=order.ship attempt=2 workerId=w1",
    ],
  ],
  "attempt.reaped": [
    [
      { name: "attempt.reaped", outcome: "released", ...attempt },
      "warn",
      "outcome=released chainId=c1 chainType=order jobId=c1:0 type=order.ship attempt=2 workerId=w1",
    ],
  ],
  "type.paused": [[{ name: "type.paused", type: "order" }, "info", "type=order"]],
  "type.resumed": [[{ name: "type.resumed", type: "order" }, "info", "type=order"]],
  "worker.started": [
    [
      {
        name: "worker.started",
        workerId: "w1",
        workerName: "my worker",
        types: ["a", "b"],
        concurrency: 4,
      },
      "info",
      'workerId=w1 workerName="my worker" types=a,b concurrency=4',
    ],
  ],
  "worker.stopping": [
    [
      { name: "worker.stopping", workerId: "w1", runningCount: 2 },
      "info",
      "workerId=w1 runningCount=2",
    ],
  ],
  "worker.stopped": [[{ name: "worker.stopped", workerId: "w1" }, "info", "workerId=w1"]],
  "worker.leaseLost": [
    [{ name: "worker.leaseLost", workerId: "w1", heldCount: 2 }, "warn", "workerId=w1 heldCount=2"],
  ],
  "store.unavailable": [
    [
      { name: "store.unavailable", workerId: "w1", error },
      "error",
      'workerId=w1 error="TypeError: no rate"',
    ],
  ],
  "store.recovered": [
    [{ name: "store.recovered", workerId: "w1", outageMs: 12 }, "info", "workerId=w1 outageMs=12"],
  ],
  "notify.unavailable": [
    [{ name: "notify.unavailable", error }, "error", 'error="TypeError: no rate"'],
  ],
  "notify.recovered": [[{ name: "notify.recovered" }, "info", ""]],
  "callback.failed": [
    [
      { name: "callback.failed", callback: "effect", error, jobId: "c1:0" },
      "error",
      'callback=effect error="TypeError: no rate" jobId=c1:0',
    ],
  ],
  "operate.action": [
    [
      {
        name: "operate.action",
        action: "cancel",
        actor: "Ada",
        reason: undefined,
        chainIds: ["c1", "c2"],
        types: [],
        affectedCount: 2,
      },
      "warn",
      'action=cancel actor=Ada chainIds=c1,c2 types="" affectedCount=2',
    ],
    [
      {
        name: "operate.action",
        action: "redrive",
        actor: undefined,
        reason: "it is back",
        chainIds: ["c1"],
        types: [],
        affectedCount: 1,
      },
      "info",
      'action=redrive reason="it is back" chainIds=c1 types="" affectedCount=1',
    ],
  ],
};

const cases = Object.values(lines).flat();
const emitted = (event: DomainEvent): EmittedEvent => ({ ...event, atMs: 0 });

function write(
  level: LogLevel,
  ...events: readonly DomainEvent[]
): { readonly line: string; readonly level: LogLevel }[] {
  const written: { line: string; level: LogLevel }[] = [];
  createConsoleLogger({ level, write: (line, of) => void written.push({ line, level: of }) })(
    events.map(emitted),
  );
  return written;
}

describe("the console logger", () => {
  test.each(cases)("writes %o", (event, level, rest) => {
    const [written] = write(level === "debug" ? "debug" : "info", event);
    expect(written?.level).toBe(level);
    expect(written?.line.replace(/ stack=.*?(?= retryInMs|$)/, "")).toBe(
      `1970-01-01T00:00:00.000Z ${level.toUpperCase()} ${event.name}${rest === "" ? "" : ` ${rest}`}`,
    );
  });

  test.each([
    ["debug", ["debug", "info", "warn", "error"]],
    ["info", ["info", "warn", "error"]],
    ["warn", ["warn", "error"]],
    ["error", ["error"]],
  ] as const)("at %s keeps what is as grave", (level, kept) => {
    const expected = cases.filter(([, of]) => (kept as readonly LogLevel[]).includes(of)).length;
    const written = write(level, ...cases.map(([event]) => event));
    expect(written).toHaveLength(expected);
    expect(new Set(written.map(({ level: of }) => of))).toEqual(new Set(kept));
  });

  test("adds the stack of an error at debug alone", () => {
    const event: DomainEvent = { name: "notify.unavailable", error };
    expect(write("debug", event)[0]!.line).toContain('stack="TypeError: no rate\\n');
    expect(write("info", event)[0]!.line).not.toContain("stack=");
  });

  test("is not fooled by text of others: one event is one line, and one value one pair", () => {
    const message = 'x\n2030-01-01 ERROR forged\r\u2028\u0085\u009b31m\u001b[0m" level=error';
    const [written] = write("info", { name: "notify.unavailable", error: new Error(message) });
    // eslint-disable-next-line no-control-regex
    expect(written!.line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    expect(written!.line).toBe(
      `1970-01-01T00:00:00.000Z ERROR notify.unavailable error=${String.raw`"Error: x\n2030-01-01 ERROR forged\r\u2028\u0085\u009b31m\u001b[0m\" level=error"`}`,
    );
  });

  test.each([
    ["text", "down", "error=down"],
    ["an object, which may hold a payload", { password: "secret" }, 'error="a thrown object"'],
    ["number", 5, 'error="a thrown number"'],
    [
      "an error of ours",
      new AttemptLostError({ jobId: "c1:0", reason: "cancelled" }),
      'error="AttemptLostError: This attempt',
    ],
  ])("writes a thrown %s", (_, thrown, rest) => {
    expect(write("info", { name: "notify.unavailable", error: thrown })[0]!.line).toContain(rest);
  });

  test("never writes an object, whatever an event may come to carry", () => {
    const event = { name: "chain.deleted", ...chain, input: { password: "secret" } } as DomainEvent;
    expect(write("debug", event)[0]!.line).toBe(
      "1970-01-01T00:00:00.000Z INFO chain.deleted chainId=c1 chainType=order",
    );
  });

  test("writes to the console by default, from info on", () => {
    const info = vi.spyOn(console, "info").mockReturnValue();
    const debug = vi.spyOn(console, "debug").mockReturnValue();
    const errorLine = vi.spyOn(console, "error").mockReturnValue();
    createConsoleLogger()(
      [
        { name: "type.paused", type: "a" },
        { name: "job.triggered", jobId: "c1:0", chainId: "c1", type: "a" },
        { name: "notify.unavailable", error },
      ].map((event) => emitted(event as DomainEvent)),
    );
    expect(info.mock.calls).toEqual([["1970-01-01T00:00:00.000Z INFO type.paused type=a"]]);
    expect(errorLine).toHaveBeenCalledOnce();
    expect(debug).not.toHaveBeenCalled();
  });
});
