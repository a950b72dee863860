import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createCases } from "./cases.ts";
import { measure, prepare, type Compiler } from "./measure.ts";

const pins = JSON.parse(readFileSync(join(import.meta.dirname, "pins.json"), "utf8")) as Record<
  string,
  Record<Compiler, number>
>;
/** How far a count may move, either way, before somebody has to look and to pin it anew. */
const tolerance = 0.02;

describe("instantiations stay at their pin (node benchmarks/types/main.ts --pin)", () => {
  beforeAll(prepare, 60_000);

  describe.each(createCases().filter(({ isPinned }) => isPinned))("$name", (program) => {
    test.each<Compiler>(["7", "6"])("TypeScript %s", { timeout: 60_000 }, (compiler) => {
      const pin = pins[program.name]?.[compiler] ?? 0;
      const { instantiations } = measure(program, compiler);
      expect(instantiations).toBeGreaterThanOrEqual(pin * (1 - tolerance));
      expect(instantiations).toBeLessThanOrEqual(pin * (1 + tolerance));
    });
  });

  test("100 types in a line cost at most 60,000", () => {
    expect(
      Math.max(...Object.values(pins["linear-100"] ?? { none: Number.NaN })),
    ).toBeLessThanOrEqual(60_000);
  });
});
