import type { AttemptKey } from "queuert/adapter";

import { encodeArray, encodeIntegers } from "../text-array.ts";
import { encodeUuid } from "../uuids.ts";

/** Attempts as three lists: chain ids, indexes and claim numbers. */
export function encodeAttempts(attempts: readonly AttemptKey[]): readonly string[] {
  return [
    encodeArray(attempts.map(({ chainId }) => encodeUuid(chainId))),
    encodeIntegers(attempts.map(({ chainIndex }) => chainIndex)),
    encodeIntegers(attempts.map(({ claimNo }) => claimNo)),
  ];
}
