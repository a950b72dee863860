import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatJobId, formatUuidV7, isUuidV7, parseJobId } from "./ids.ts";

const anyTime = fc.nat({ max: 2 ** 48 - 1 });
const anySequence = fc.nat({ max: 4_095 });
const anyRandom = fc.uint8Array({ minLength: 10, maxLength: 10 });

describe("a chain id", () => {
  test("is a UUIDv7 whatever it is made of", () => {
    fc.assert(
      fc.property(anyTime, anySequence, anyRandom, (timeMs, sequence, random) => {
        expect(isUuidV7(formatUuidV7(timeMs, sequence, random))).toBe(true);
      }),
    );
  });

  test("begins with its time: 48 bits, in hexadecimal", () => {
    // The example of RFC 9562, appendix A.6.
    expect(
      formatUuidV7(
        0x017f22e279b0,
        0xcc3,
        Uint8Array.of(0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f, 0, 0),
      ),
    ).toBe("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  });

  test("sorts by time, then by sequence", () => {
    fc.assert(
      fc.property(
        anyTime,
        anySequence,
        anyRandom,
        anyTime,
        anySequence,
        anyRandom,
        (timeA, sequenceA, randomA, timeB, sequenceB, randomB) => {
          fc.pre(timeA < timeB || (timeA === timeB && sequenceA < sequenceB));
          expect(
            formatUuidV7(timeA, sequenceA, randomA) < formatUuidV7(timeB, sequenceB, randomB),
          ).toBe(true);
        },
      ),
    );
    const none = new Uint8Array(10);
    expect(formatUuidV7(5, 0xfff, none.fill(255)) < formatUuidV7(6, 0, new Uint8Array(10))).toBe(
      true,
    );
    expect(formatUuidV7(5, 1, none) < formatUuidV7(5, 2, new Uint8Array(10))).toBe(true);
  });

  test.each([
    "",
    "017f22e2-79b0-4cc3-98c4-dc0c0c07398f",
    "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",
    "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
    "017f22e279b07cc398c4dc0c0c07398f",
    " 017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
    "017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n",
    "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
  ])("is not %j", (text) => {
    expect(isUuidV7(text)).toBe(false);
  });
});

describe("a job id", () => {
  test("gives back the key it was made of", () => {
    fc.assert(
      fc.property(
        anyTime,
        anySequence,
        anyRandom,
        fc.nat({ max: 999_999_999 }),
        (timeMs, sequence, random, chainIndex) => {
          const key = { chainId: formatUuidV7(timeMs, sequence, random), chainIndex };
          expect(parseJobId(formatJobId(key))).toEqual(key);
        },
      ),
    );
  });

  test("keeps what stands before its last colon, for stores with ids of their own", () => {
    expect(parseJobId("a:b:3")).toEqual({ chainId: "a:b", chainIndex: 3 });
  });

  test.each([
    "",
    ":",
    ":1",
    "a",
    "a:",
    "a:-1",
    "a:1.5",
    "a:1e3",
    "a: 1",
    "a:1 ",
    "a:1234567890",
    "a:x",
  ])("is not %j", (text) => {
    expect(parseJobId(text)).toBeUndefined();
  });
});
