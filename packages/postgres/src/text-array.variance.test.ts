import { connectClient, findMainServerUrl } from "@queuert/testkit/postgres";
import { describe, expect, test } from "vitest";

import { encodeArray, encodeInteger, encodeIntegers } from "./text-array.ts";

const texts = [
  "plain",
  "",
  "null",
  "NULL",
  " ",
  "a,b",
  '{"a":"b\\"c"}',
  "{}",
  '"',
  "\\",
  "\\\\u0000",
  "line\nbreak\ttab\r\v\f",
  "ü 漢 🙂",
  "\u00a0",
];

describe("arrays as text", () => {
  test("E1: the server reads back what was written", async () => {
    const client = await connectClient(await findMainServerUrl());
    try {
      const { rows } = await client.query<{ texts: string[] }>("SELECT $1::text::text[] AS texts", [
        encodeArray([...texts, undefined]),
      ]);
      expect(rows[0]?.texts).toEqual([...texts, null]);
    } finally {
      await client.end();
    }
  });

  test("numbers, flags and what is absent need no quotes", () => {
    expect(encodeArray([1, -2.5, true, false, null, undefined])).toBe(
      "{1,-2.5,true,false,NULL,NULL}",
    );
    expect(encodeArray([])).toBe("{}");
  });

  test("C11: a count beyond the type is the largest of the type", () => {
    expect(encodeInteger(2 ** 31)).toBe("2147483647");
    expect(encodeInteger(Number.POSITIVE_INFINITY)).toBe("2147483647");
    expect(encodeIntegers([0, 7, 2 ** 40])).toBe("{0,7,2147483647}");
  });
});
