import { runDifferential } from "@queuert/conformance";
import { memoryFixture, postgresFixture, registerConformance } from "@queuert/testkit";
import { describe, expect, test } from "vitest";

registerConformance(postgresFixture, { describe, test });

describe("differential: memory and PostgreSQL take the same random steps and stay equal", () => {
  test.each([1, 2, 3, 4, 5])("seed %i", async (seed) => {
    const report = await runDifferential({
      reference: memoryFixture,
      subject: postgresFixture,
      seed,
      stepCount: 400,
    });
    expect(report.difference).toBeUndefined();
  });
});
