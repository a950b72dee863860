// Logs with winston, as JSON lines: node main.ts
import { createLogger, format, transports } from "winston";

import { createWinstonSubscriber } from "./create-winston-subscriber.ts";
import { sendParcels } from "./send-parcels.ts";

const logger = createLogger({
  level: "debug",
  format: format.json(),
  transports: [new transports.Console()],
});
await sendParcels(createWinstonSubscriber(logger));
