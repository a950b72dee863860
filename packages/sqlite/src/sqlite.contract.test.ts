import { runDifferential } from "@queuert/conformance";
import { memoryFixture, registerConformance, sqliteFixtures } from "@queuert/testkit";
import { describe, expect, test } from "vitest";

for (const fixture of sqliteFixtures) registerConformance(fixture, { describe, test });

describe("differential: memory and SQLite take the same random steps and stay equal", () => {
  for (const subject of sqliteFixtures) {
    test.each([1, 2, 3, 4, 5])(`${subject.name}, seed %i`, async (seed) => {
      const report = await runDifferential({
        reference: memoryFixture,
        subject,
        seed,
        stepCount: 400,
      });
      expect(report.difference).toBeUndefined();
    });
  }
});
