import { CursorInvalidError } from "../errors/value-errors.ts";
import type { JobKey } from "./ids.ts";

/** A list and its order: a cursor continues this one and no other. */
export type CursorList = `${"chains" | "jobs"}:${"newest" | "oldest"}`;

/** Writes where a list goes on: after `last`. Opaque to users, safe in a URL. */
export function encodeCursor(list: CursorList, last: JobKey): string {
  const text = JSON.stringify([list, last.chainId, last.chainIndex]);
  return toBase64Url(new TextEncoder().encode(`${checksum(text)}${text}`));
}

/** Reads the key that `encodeCursor` wrote for the same list. Throws `CursorInvalidError` for anything else. */
export function decodeCursor(list: CursorList, cursor: unknown): JobKey {
  const key = readKey(fromBase64Url(cursor));
  // Only what this list would write itself is taken: that leaves no room for another list, a changed character or a second spelling.
  if (key === undefined || encodeCursor(list, key) !== cursor)
    throw new CursorInvalidError(String(cursor));
  return key;
}

const checksumLength = 7;

function readKey(text: string): JobKey | undefined {
  try {
    const parsed: unknown = JSON.parse(text.slice(checksumLength));
    if (!Array.isArray(parsed)) return undefined;
    const [, chainId, chainIndex] = parsed as unknown[];
    return typeof chainId === "string" && typeof chainIndex === "number"
      ? { chainId, chainIndex }
      : undefined;
  } catch {
    return undefined;
  }
}

/** FNV-1a over UTF-16 units, in base 36. It catches accidents; a cursor holds no secret and grants nothing. */
function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(36).padStart(checksumLength, "0");
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Written out, since the platforms' own functions differ and none is everywhere.
function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 3) {
    const group = (bytes[start]! << 16) | ((bytes[start + 1] ?? 0) << 8) | (bytes[start + 2] ?? 0);
    const letterCount = Math.min(4, bytes.length - start + 1);
    for (let letter = 0; letter < letterCount; letter++)
      text += alphabet[(group >> (18 - 6 * letter)) & 63];
  }
  return text;
}

/** Lenient: what is no base64url gives some other text, which the caller refuses. */
function fromBase64Url(text: unknown): string {
  const bytes: number[] = [];
  let bits = 0;
  let bitCount = 0;
  for (const letter of typeof text === "string" ? text : "") {
    bits = ((bits << 6) | alphabet.indexOf(letter)) & 0xffff;
    bitCount += 6;
    if (bitCount >= 8) {
      bitCount -= 8;
      bytes.push((bits >> bitCount) & 0xff);
    }
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
