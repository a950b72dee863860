import { formatUuidV7 } from "../model/ids.ts";
import type { Chance } from "../ports/chance.ts";
import type { Clock } from "../ports/clock.ts";

const sequenceMax = 4_095;

/** Makes UUIDv7 ids that grow strictly within the process, even when its clock goes back or stands still. */
export function createChainIds(clock: Clock, chance: Chance): () => string {
  let timeMs = 0;
  let sequence = 0;
  return () => {
    const nowMs = Math.floor(clock.now());
    if (nowMs > timeMs) {
      timeMs = nowMs;
      sequence = 0;
    } else if (sequence < sequenceMax) {
      sequence++;
    } else {
      timeMs++;
      sequence = 0;
    }
    return formatUuidV7(timeMs, sequence, chance.bytes(8));
  };
}
