import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { metrics } from "@opentelemetry/api";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { createOpenTelemetry } from "@queuert/otel";
import { createSqliteStateAdapter } from "@queuert/sqlite";
import { createNodeSqliteProvider } from "@queuert/sqlite/node-sqlite";
import { createClient, createWorker, defineJobTypes, json } from "queuert";

const jobTypes = defineJobTypes({
  "parcel.pack": { entry: true, input: json<{ parcel: number }>(), continueWith: "parcel.send" },
  "parcel.send": { input: json<{ parcel: number }>(), output: json<string>() },
});

/** A service that is under way. */
export interface Service {
  readonly port: number;
  stop(): Promise<void>;
}

/** Packs and sends a parcel ten times a second; every fifth one takes a second attempt, and every fortieth cannot be sent at all. */
export async function startService(options: {
  readonly port: number;
  readonly filename: string;
}): Promise<Service> {
  // First the SDK, then what uses it.
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const meterProvider = new MeterProvider({ readers: [exporter] });
  metrics.setGlobalMeterProvider(meterProvider);
  const telemetry = createOpenTelemetry();

  const provider = createNodeSqliteProvider({ filename: options.filename });
  const state = createSqliteStateAdapter({ provider });
  await state.migrate();
  const client = await createClient({ jobTypes, state, telemetry });
  // The jobs in the database, told by one process of all that share it.
  const reporter = telemetry.reportState(client, { intervalMs: 5_000 });

  const worker = createWorker(client, {
    pollIntervalMs: 100,
    retry: { maxAttempts: 3, backoff: { initialMs: 200 } },
    handlers: {
      "parcel.pack": async ({ job, continueWith }) =>
        continueWith({ type: "parcel.send", input: job.input }),
      "parcel.send": async ({ job: { input, attempt } }) => {
        if (input.parcel % 40 === 0) throw new RangeError("Nobody lives there.");
        if (input.parcel % 5 === 0 && attempt === 1) throw new TypeError("Nobody was in.");
        return `parcel ${input.parcel} sent`;
      },
    },
  });
  await worker.start();
  let parcel = 0;
  const timer = setInterval(() => {
    parcel++;
    client
      .startChain({ tx: "autocommit", type: "parcel.pack", input: { parcel } })
      .catch(console.error);
  }, 100);

  const server = await serve(exporter, options.port);
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      clearInterval(timer);
      await worker.stop();
      reporter.stop();
      await client.close();
      await state.close();
      server.close();
      await meterProvider.shutdown();
    },
  };
}

/** The page that Prometheus scrapes. The exporter could open a port of its own; a service has one already. */
async function serve(exporter: PrometheusExporter, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === "/metrics") exporter.getMetricsRequestHandler(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(port, "127.0.0.1", resolve);
  });
  return server;
}
