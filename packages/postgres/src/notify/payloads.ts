import type { Key } from "./topic-keys.ts";

/** PostgreSQL takes payloads of less than 8,000 bytes (trap B11). */
const payloadBytesMax = 7_999;

/** What one notification says. */
export interface Payload {
  /** Names the adapter that published it. */
  readonly sender: string;
  readonly keys: readonly Key[];
}

/** Writes keys into as few payloads as hold them. Sender and keys are ASCII, so a character is a byte. */
export function encodePayloads({ sender, keys }: Payload): readonly string[] {
  const payloads: string[] = [];
  let text = sender;
  for (const key of keys) {
    if (text.length + 1 + key.length > payloadBytesMax) {
      payloads.push(text);
      text = sender;
    }
    text += `\n${key}`;
  }
  return [...payloads, text];
}

/** Reads a payload. A text that somebody else sent on the channel has keys that nobody knows. */
export function decodePayload(text: string): Payload {
  const [sender = "", ...keys] = text.split("\n");
  return { sender, keys };
}
