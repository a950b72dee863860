import { createHash } from "node:crypto";

import type { WakeUpTopic } from "queuert/adapter";

/** What a payload names: a topic, everything, or a self-test. Printable ASCII, at most {@link keyLengthMax} characters. */
export type Key = string;

export const keyLengthMax = 102;

/**
 * Every chain that closes is published, so its key is short: the end of an id is chance. Whoever awaits another chain that ends alike looks once
 * in vain.
 */
const chainKeyLength = 12;

/** Everybody is meant. */
export const everythingKey: Key = "*";

/** Names that stand in a payload as they are. */
const plainName = /^[\x20-\x7e]{1,100}$/;

/**
 * The key of a topic. Nobody has to read the topic out of it, so a name that is long, or has characters that a database may not be able to
 * hold, is there as its digest (trap B11).
 */
export function encodeTopic(topic: WakeUpTopic): Key {
  switch (topic.kind) {
    case "type":
      return encodeName("t", topic.type);
    case "chain":
      return encodeName("c", topic.chainId.slice(-chainKeyLength));
    case "worker":
      return encodeName("w", topic.workerId);
  }
}

/** The key of a self-test. */
export function encodeProbe(token: string): Key {
  return encodeName("p", token);
}

export function isProbe(key: Key): boolean {
  return key.startsWith("p:");
}

function encodeName(kind: string, name: string): Key {
  if (plainName.test(name)) return `${kind}:${name}`;
  return `${kind}#${createHash("sha256").update(name).digest("base64url")}`;
}
