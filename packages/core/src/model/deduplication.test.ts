import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decideDeduplication,
  keyKeptUntilMs,
  type DeduplicatedChain,
  type Deduplication,
} from "./deduplication.ts";
import { chainStatuses, jobStatuses } from "./status.ts";

const anyRequest: fc.Arbitrary<Deduplication> = fc.record({
  key: fc.string(),
  scope: fc.constantFrom("open", "any"),
  windowMs: fc.option(fc.nat({ max: 100 }), { nil: undefined }),
  onDuplicate: fc.constantFrom("keep", "replace", "debounce"),
});
const anyChain: fc.Arbitrary<DeduplicatedChain> = fc.record({
  status: fc.constantFrom(...chainStatuses),
  createdAtMs: fc.nat({ max: 100 }),
  rootStatus: fc.constantFrom(...jobStatuses),
  rootClaimNo: fc.nat({ max: 2 }),
});
const anyNow = fc.nat({ max: 200 });

const request: Deduplication = {
  key: "key",
  scope: "open",
  windowMs: undefined,
  onDuplicate: "keep",
};
const waiting: DeduplicatedChain = {
  status: "open",
  createdAtMs: 1_000,
  rootStatus: "ready",
  rootClaimNo: 0,
};

describe("a start with a deduplication key", () => {
  test("creates where the key names no chain", () => {
    fc.assert(
      fc.property(anyRequest, anyNow, (any, nowMs) => {
        expect(decideDeduplication(any, undefined, nowMs)).toBe("create");
      }),
    );
  });

  test("keeps an open chain by default, whatever it has come to", () => {
    for (const rootStatus of jobStatuses)
      expect(decideDeduplication(request, { ...waiting, rootStatus }, 2_000)).toBe("kept");
  });

  test.each(["completed", "failed", "cancelled"] as const)(
    "creates beside a %s chain in scope open, and keeps it in scope any",
    (status) => {
      const closed: DeduplicatedChain = {
        ...waiting,
        status,
        rootStatus: "completed",
        rootClaimNo: 1,
      };
      expect(decideDeduplication(request, closed, 2_000)).toBe("create");
      expect(decideDeduplication({ ...request, scope: "any" }, closed, 2_000)).toBe("kept");
    },
  );

  test("looks back no further than its window: the end of it is outside", () => {
    const within: Deduplication = { ...request, windowMs: 500 };
    expect(decideDeduplication(within, waiting, 1_499)).toBe("kept");
    expect(decideDeduplication(within, waiting, 1_500)).toBe("create");
    expect(decideDeduplication({ ...within, windowMs: 0 }, waiting, 1_000)).toBe("create");
  });

  test("replaces or debounces a chain whose first job has not begun", () => {
    for (const rootStatus of ["blocked", "scheduled", "ready"] as const) {
      expect(
        decideDeduplication(
          { ...request, onDuplicate: "replace" },
          { ...waiting, rootStatus },
          2_000,
        ),
      ).toBe("replaced");
      expect(
        decideDeduplication(
          { ...request, onDuplicate: "debounce" },
          { ...waiting, rootStatus },
          2_000,
        ),
      ).toBe("debounced");
    }
  });

  test("A13: never replaces what has begun", () => {
    fc.assert(
      fc.property(anyRequest, anyChain, anyNow, (any, chain, nowMs) => {
        fc.pre(
          chain.rootClaimNo > 0 || !["blocked", "scheduled", "ready"].includes(chain.rootStatus),
        );
        expect(["create", "kept"]).toContain(decideDeduplication(any, chain, nowMs));
      }),
    );
  });

  test("keeping, replacing and debouncing differ in nothing but what is done to the duplicate", () => {
    fc.assert(
      fc.property(anyRequest, anyChain, anyNow, (any, chain, nowMs) => {
        const isCreated = (["keep", "replace", "debounce"] as const).map(
          (onDuplicate) => decideDeduplication({ ...any, onDuplicate }, chain, nowMs) === "create",
        );
        expect(new Set(isCreated).size).toBe(1);
      }),
    );
  });
});

describe("the row of a key, once its chain is closed", () => {
  test("goes at once in scope open", () => {
    expect(keyKeptUntilMs(request, 1_000)).toBeUndefined();
    expect(keyKeptUntilMs({ ...request, windowMs: 500 }, 1_000)).toBeUndefined();
  });

  test("stays in scope any, to the end of the window where there is one", () => {
    expect(keyKeptUntilMs({ ...request, scope: "any" }, 1_000)).toBe(Number.POSITIVE_INFINITY);
    expect(keyKeptUntilMs({ ...request, scope: "any", windowMs: 500 }, 1_000)).toBe(1_500);
  });

  test("is not missed after it went: the same start would create with it and without", () => {
    fc.assert(
      fc.property(anyRequest, anyChain, anyNow, (any, chain, nowMs) => {
        const keptUntilMs = keyKeptUntilMs(any, chain.createdAtMs);
        fc.pre(chain.status !== "open" && (keptUntilMs === undefined || keptUntilMs <= nowMs));
        expect(decideDeduplication(any, chain, nowMs)).toBe("create");
      }),
    );
  });
});
