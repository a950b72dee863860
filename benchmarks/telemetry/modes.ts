import { context, propagation } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  TracerProvider,
  type Sampler,
} from "@opentelemetry/sdk-trace";
import { createOpenTelemetry } from "@queuert/otel";
import type { Telemetry } from "queuert";

/** Telemetry as it may be set up, until it is taken down. */
export interface Mode {
  readonly telemetry: Telemetry | undefined;
  /** How many spans were exported. */
  readonly spanCount: () => number;
  readonly dispose: () => Promise<void>;
}

/** Everything that can be: nothing is dropped for a full queue, so that each span is paid for. */
const queueSizeMax = 1_000_000;

/** The ways in which telemetry is set up, by name. */
export const modes: Readonly<Record<string, () => Mode>> = {
  off: () => ({ telemetry: undefined, spanCount: () => 0, dispose: async () => {} }),
  "no-op providers": () => ({
    telemetry: createOpenTelemetry(),
    spanCount: () => 0,
    dispose: async () => {},
  }),
  "full SDK, nothing sampled": () => createSdk(new AlwaysOffSampler()),
  "full SDK": () => createSdk(),
};

/** A full SDK: context, propagation, spans, metrics and log records in batches, to exporters that take everything and keep nothing. */
function createSdk(sampler?: Sampler): Mode {
  let spanCount = 0;
  const done = async (): Promise<void> => {};
  const tracerProvider = new TracerProvider({
    ...(sampler === undefined ? {} : { sampler }),
    spanProcessors: [
      new BatchSpanProcessor({
        maxQueueSize: queueSizeMax,
        exporter: {
          export(spans, callback) {
            spanCount += spans.length;
            callback({ code: 0 });
          },
          shutdown: done,
        },
      }),
    ],
  });
  const meterProvider = new MeterProvider({
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
      }),
    ],
  });
  const loggerProvider = new LoggerProvider({
    processors: [
      new BatchLogRecordProcessor({
        maxQueueSize: queueSizeMax,
        exporter: {
          export: (_records, callback) => callback({ code: 0 }),
          shutdown: done,
          forceFlush: done,
        },
      }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return {
    telemetry: createOpenTelemetry({ tracerProvider, meterProvider, loggerProvider }),
    spanCount: () => spanCount,
    async dispose() {
      for (const provider of [tracerProvider, meterProvider, loggerProvider])
        await provider.shutdown();
      context.disable();
      propagation.disable();
    },
  };
}
