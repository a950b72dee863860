// Logs to the console: node main.ts [debug|info|warn|error]
import { createConsoleLogger, type LogLevel } from "queuert";

import { sendParcels } from "./send-parcels.ts";

const [level = "debug"] = process.argv.slice(2);
await sendParcels(createConsoleLogger({ level: level as LogLevel }));
