// A service whose metrics Prometheus scrapes: node main.ts [PORT] [FILE]. It ends with SIGTERM or SIGINT.
import { fileURLToPath } from "node:url";

import { startService } from "./service.ts";

const [port = "9464", filename = fileURLToPath(new URL("service.db", import.meta.url))] =
  process.argv.slice(2);
const service = await startService({ port: Number(port), filename });
console.log(`Metrics are at http://127.0.0.1:${service.port}/metrics`);
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void service.stop());
