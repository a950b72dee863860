import { setTimeout as wait } from "node:timers/promises";

import type { DiskState } from "../databases/open-location.ts";
import type { Fault } from "./fault.ts";

/** No process gets another page of the file, or none may write at all, for a while. */
export const disturbDisk: Fault = {
  everyMs: [300, 1_500],
  async strike({ random, fleet, own, count }) {
    const setAll = (disk: DiskState): void => {
      own.setDisk(disk);
      fleet.tellAll({ kind: "disk", disk });
    };
    const disk = random.pick<DiskState>(["full", "readOnly"]);
    count(disk === "full" ? "disk full" : "disk read-only");
    setAll(disk);
    await wait(random.between(200, 1_500));
    setAll("fine");
  },
};
