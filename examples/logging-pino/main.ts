// Logs with pino, as JSON lines: node main.ts
import { pino } from "pino";

import { createPinoSubscriber } from "./create-pino-subscriber.ts";
import { sendParcels } from "./send-parcels.ts";

await sendParcels(createPinoSubscriber(pino({ level: "debug" })));
