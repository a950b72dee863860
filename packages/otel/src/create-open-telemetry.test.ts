import { diag, logs, metrics, SeverityNumber, trace } from "@opentelemetry/api";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import { createOpenTelemetry } from "./create-open-telemetry.ts";
import { createObservatory, useGlobalContext } from "./fixtures/observatory.ts";
import { openStage, type Stage, startOrder } from "./fixtures/stage.ts";
import { stores, type Store } from "./fixtures/stores.ts";
import type { OpenTelemetryOptions } from "./options.ts";

beforeAll(useGlobalContext);

let store: Store;
let stage: Stage;
beforeEach(async () => {
  store = await stores[0]!.open();
});
afterEach(async () => {
  await stage.close();
  await store.dispose();
});

async function runNote(options: OpenTelemetryOptions = {}): Promise<Stage> {
  stage = await openStage(store.state, options);
  await stage.client.startChain({ tx: "autocommit", type: "note" });
  await stage.work();
  return stage;
}

describe("the names of older conventions", () => {
  test.each([
    [undefined, true],
    ["", true],
    ["http", true],
    ["messaging/dup", true],
    ["messaging", false],
    ["http, messaging", false],
  ])("with the opt-in %s", async (optIn, isThere) => {
    vi.stubEnv("OTEL_SEMCONV_STABILITY_OPT_IN", optIn);
    const { observatory } = await runNote();
    const attributes = [
      ...observatory.spans(),
      ...observatory.logs(),
      ...(await observatory.points("messaging.client.sent.messages")),
    ].map((emitted) => emitted.attributes);
    for (const each of attributes) {
      expect(each["messaging.system.name"]).toBe("queuert");
      expect(each["messaging.system"]).toBe(isThere ? "queuert" : undefined);
    }
  });
});

describe("what instruments", () => {
  test("settling may be left out: continuations then belong to the attempt itself", async () => {
    stage = await openStage(store.state, { instrument: { settle: false, blockers: false } });
    const { client, observatory } = stage;
    await startOrder(client);
    await stage.work();
    expect(observatory.spanNames().toSorted()).toEqual([
      "process order",
      "process rate",
      "process ship",
      "start_chain order",
      "start_chain rate",
    ]);
    expect(observatory.span("process ship").parentSpanContext?.spanId).toBe(
      observatory.span("process order").spanContext().spanId,
    );
  });

  test("claims have a span where that is asked for", async () => {
    const { observatory } = await runNote({ instrument: { receive: true, wait: false } });
    expect(observatory.span("claim").attributes["messaging.batch.message_count"]).toBe(1);
    const names = observatory.spanNames();
    const { client } = stage;
    await client.awaitChain({
      chain: await client.startChain({ tx: "autocommit", type: "note" }),
    });
    expect(names).not.toContain("wait_chain note");
  });
});

describe("hooks of the user's", () => {
  const failing = { note: async () => Promise.reject(new TypeError("no")) };

  test("name errors and say how grave they are", async () => {
    stage = await openStage(store.state, {
      errorType: () => "declined",
      severity: (_error, { willRetry }) => (willRetry ? SeverityNumber.WARN : SeverityNumber.FATAL),
    });
    await stage.client.startChain({ tx: "autocommit", type: "note" });
    await stage.work(failing, { maxAttempts: 2 });
    const exceptions = stage.observatory
      .logs()
      .filter(({ eventName }) => eventName === "messaging.process.exception");
    expect(exceptions.map(({ severityNumber }) => severityNumber)).toEqual([
      SeverityNumber.WARN,
      SeverityNumber.FATAL,
    ]);
    expect(exceptions[0]!.attributes["error.type"]).toBe("declined");
  });

  test("that throw change nothing but what they were asked for", async () => {
    const told = vi.spyOn(diag, "error");
    const explode = (): never => {
      throw new Error("The hook fails.");
    };
    stage = await openStage(store.state, { errorType: explode, severity: explode });
    await stage.client.startChain({ tx: "autocommit", type: "note" });
    await stage.work(failing, { maxAttempts: 1 });
    expect(stage.observatory.span("process note").attributes["error.type"]).toBe("TypeError");
    expect(told).toHaveBeenCalled();
  });

  test("a sampler that throws fails no job", async () => {
    const told = vi.spyOn(diag, "error");
    const tracerProvider = new TracerProvider({
      sampler: {
        shouldSample() {
          throw new Error("The sampler fails.");
        },
        toString: () => "exploding",
      },
    });
    const { events } = await runNote({ tracerProvider });
    expect(events.some(({ name }) => name === "chain.closed")).toBe(true);
    expect(told).toHaveBeenCalled();
  });
});

test("without providers, the global ones are used", async () => {
  const { providers, ...observatory } = createObservatory();
  trace.setGlobalTracerProvider(providers.tracerProvider);
  metrics.setGlobalMeterProvider(providers.meterProvider);
  logs.setGlobalLoggerProvider(providers.loggerProvider);
  stage = await openStage(store.state, providers);
  const telemetry = createOpenTelemetry();
  const call = telemetry.beginCall({ name: "pause", types: ["note"], actor: undefined });
  call?.returned();
  call?.record([{ name: "type.paused", type: "note", atMs: 0 }]);
  expect(observatory.spanNames()).toEqual(["pause note"]);
  expect(observatory.logs().map(({ eventName }) => eventName)).toEqual(["queuert.type.paused"]);
  expect(await observatory.points("messaging.client.operation.duration")).toMatchObject([
    { value: 1 },
  ]);
  trace.disable();
  metrics.disable();
  logs.disable();
});

test("log records stand in the span that they belong to, at the time of the event", async () => {
  const { observatory, events } = await runNote();
  const attempt = observatory.span("process note").spanContext();
  const closed = observatory.logs().find(({ eventName }) => eventName === "queuert.chain.closed");
  expect(closed?.spanContext).toMatchObject({ traceId: attempt.traceId, spanId: attempt.spanId });
  const { atMs } = events.find(({ name }) => name === "chain.closed")!;
  expect(closed!.hrTime[0] * 1_000 + closed!.hrTime[1] / 1e6).toBe(atMs);
  const started = observatory.logs().find(({ eventName }) => eventName === "queuert.chain.started");
  expect(started?.spanContext?.spanId).toBe(
    observatory.span("start_chain note").spanContext().spanId,
  );
});
