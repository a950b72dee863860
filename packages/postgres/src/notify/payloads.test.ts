import type { WakeUpTopic } from "queuert/adapter";
import { describe, expect, it } from "vitest";

import { decodePayload, encodePayloads } from "./payloads.ts";
import { encodeTopic, keyLengthMax } from "./topic-keys.ts";

const sender = "0123456789ab";

describe("keys of topics", () => {
  it.each(["work", "a:b", "a b", "*", "x".repeat(100), "019a0000-0000-7000-8000-000000000000"])(
    "of the plain name %j hold it",
    (type) => {
      expect(encodeTopic({ kind: "type", type })).toBe(`t:${type}`);
    },
  );

  it.each(["", "a\nb", "a\u0000b", "日本語", "😀", "\ud800", "x".repeat(101), "x".repeat(9_000)])(
    "B11: of any other name are short and printable: %j",
    (type) => {
      const key = encodeTopic({ kind: "type", type });
      expect(key).toMatch(/^t#[\w-]{43}$/);
      expect(key.length).toBeLessThanOrEqual(keyLengthMax);
    },
  );

  it("differ by kind and by name, whatever the names hold", () => {
    const names = ["a", "#a", ":a", "t:a", "a\n", "a\nb", "x".repeat(101), "x".repeat(102)];
    const topics = names.flatMap((name, index): WakeUpTopic[] => [
      { kind: "type", type: name },
      { kind: "chain", chainId: `019a0000-0000-7000-8000-00000000000${index}` },
      { kind: "worker", workerId: name },
    ]);
    const keys = new Set(topics.map(encodeTopic));
    expect(keys.size).toBe(topics.length);
    expect(keys).not.toContain("*");
  });

  it("of chains are the ends of their ids, which are chance", () => {
    const chainId = "019a0000-0000-7000-8000-0123456789ab";
    expect(encodeTopic({ kind: "chain", chainId })).toBe("c:0123456789ab");
  });
});

describe("payloads", () => {
  it.each([0, 1, 77, 78, 5_000])("B11: hold %i long keys, each below 8,000 bytes", (count) => {
    const keys = Array.from({ length: count }, (_, index) =>
      encodeTopic({ kind: "type", type: String(index).padStart(100, "x") }),
    );
    const payloads = encodePayloads({ sender, keys });
    for (const payload of payloads) expect(Buffer.byteLength(payload)).toBeLessThan(8_000);
    const decoded = payloads.map(decodePayload);
    expect(decoded.flatMap((payload) => payload.keys)).toEqual(keys);
    expect(new Set(decoded.map((payload) => payload.sender))).toEqual(new Set([sender]));
    expect(payloads.length).toBe(Math.max(1, Math.ceil(count / 77)));
  });

  it("of somebody else are read without an error", () => {
    expect(decodePayload("")).toEqual({ sender: "", keys: [] });
    expect(decodePayload("hello")).toEqual({ sender: "hello", keys: [] });
  });
});
