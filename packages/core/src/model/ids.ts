/** A chain id is a UUIDv7 (RFC 9562 §5.7): its first 48 bits are the time in ms, so ids sort by time and inserts append. */
const uuidV7Pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Whether the text is a UUIDv7 in lower case. */
export function isUuidV7(value: string): boolean {
  return uuidV7Pattern.test(value);
}

/**
 * Formats a UUIDv7 from a time and 10 random bytes. `sequence` (0–4095) fills the 12 bits after the time, so that ids made in one
 * millisecond keep their order (RFC 9562 §6.2, method 1).
 */
export function formatUuidV7(timeMs: number, sequence: number, random: Uint8Array): string {
  const time = timeMs.toString(16).padStart(12, "0");
  let tail = "";
  for (let index = 0; index < 8; index++) {
    const byte = index === 0 ? (random[0]! & 0x3f) | 0x80 : random[index]!;
    tail += byte.toString(16).padStart(2, "0");
  }
  return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence.toString(16).padStart(3, "0")}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

/** The key of a job: the chain it belongs to and its place in it. */
export interface JobKey {
  readonly chainId: string;
  /** 0 for the root. */
  readonly chainIndex: number;
}

/** The public id of a job: `<chainId>:<index>`. */
export function formatJobId(key: JobKey): string {
  return `${key.chainId}:${key.chainIndex}`;
}

/** The key that a public job id names; `undefined` where the text is no job id. */
export function parseJobId(jobId: string): JobKey | undefined {
  const match = /^(.+):(\d{1,9})$/.exec(jobId);
  return match === null ? undefined : { chainId: match[1]!, chainIndex: Number(match[2]) };
}
