import { createTraceState, propagation, type SpanContext } from "@opentelemetry/api";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { useGlobalContext } from "../fixtures/observatory.ts";
import { decodeStoredTrace, encodeStoredTrace } from "./stored-trace.ts";

const spanContext = (digit: string, traceState?: string): SpanContext => ({
  traceId: digit.repeat(32),
  spanId: digit.repeat(16),
  traceFlags: 1,
  ...(traceState === undefined ? {} : { traceState: createTraceState(traceState) }),
});

const ids = (found: SpanContext | undefined): string | undefined =>
  found === undefined ? undefined : `${found.traceId}:${found.spanId}`;

describe("by the global propagator", () => {
  beforeEach(useGlobalContext);

  test("what was written is read again, with what vendors have added", () => {
    const text = encodeStoredTrace({
      creation: spanContext("a", "vendor=1"),
      attempt: spanContext("b"),
      predecessor: spanContext("c"),
      sinceMs: 1_700_000_000_000.4,
    });
    const { creation, attempt, predecessor, sinceMs } = decodeStoredTrace(text);
    expect([creation, attempt, predecessor].map(ids)).toEqual(
      ["a", "b", "c"].map((digit) => ids(spanContext(digit))),
    );
    expect(creation?.traceState?.serialize()).toBe("vendor=1");
    expect(creation?.isRemote).toBe(true);
    expect(sinceMs).toBe(1_700_000_000_000);
  });

  test("what vendors add is left out where it is too long", () => {
    const text = encodeStoredTrace({
      creation: spanContext("a", `vendor=${"x".repeat(250)},other=${"y".repeat(250)}`),
      sinceMs: 1,
    });
    expect(text!.length).toBeLessThan(512);
    expect(ids(decodeStoredTrace(text).creation)).toBe(ids(spanContext("a")));
  });

  test("nothing is written where there is nothing to tell", () => {
    expect(encodeStoredTrace({ creation: undefined, sinceMs: 1 })).toBeUndefined();
  });

  test.each([
    undefined,
    "",
    "no JSON",
    "null",
    "[]",
    '"text"',
    "{}",
    '{"traceparent":"00-zz-11-01"}',
    '{"attempt":"text","predecessor":7,"since":"long ago"}',
  ])("what is no trace tells nothing: %s", (text) => {
    const { creation, attempt, predecessor, sinceMs } = decodeStoredTrace(text);
    expect([creation, attempt, predecessor, sinceMs]).toEqual(Array(4).fill(undefined));
  });
});

describe("without a propagator", () => {
  beforeEach(() => propagation.disable());
  afterEach(useGlobalContext);

  test("nothing is stored", () => {
    expect(encodeStoredTrace({ creation: spanContext("a") })).toBeUndefined();
  });
});
