import { describe, expect, it } from "vitest";

import { createClientReader, createServerReader } from "./wire-messages.ts";

function typed(type: string, text: string): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(4 + text.length, 1);
  return Buffer.concat([head, Buffer.from(text)]);
}

function untyped(code: number, text = ""): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + text.length);
  head.writeInt32BE(code, 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

const protocolVersion = 196_608;
const sslRequest = 80_877_103;

describe("the client's messages", () => {
  const stream = Buffer.concat([
    untyped(sslRequest),
    untyped(protocolVersion, "user"),
    typed("Q", "SELECT 1\0"),
    typed("S", ""),
  ]);

  it.each([1, 2, 3, 7, stream.length])("are found in chunks of %i bytes", (size) => {
    const read = createClientReader();
    const messages = Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
      read(stream.subarray(index * size, (index + 1) * size)),
    ).flat();
    expect(messages.map(({ type }) => type)).toEqual(["encryption", "startup", "Q", "S"]);
    expect(messages[2]?.body.toString()).toBe("SELECT 1\0");
    expect(Buffer.concat(messages.map(({ bytes }) => bytes))).toEqual(stream);
  });
});

describe("the server's messages", () => {
  it("have letters from the first one on, and wait for their last byte", () => {
    const read = createServerReader();
    const stream = Buffer.concat([typed("R", "\0\0\0\0"), typed("Z", "I")]);
    expect(read(stream.subarray(0, -1)).map(({ type }) => type)).toEqual(["R"]);
    expect(read(stream.subarray(-1)).map(({ type }) => type)).toEqual(["Z"]);
  });
});
