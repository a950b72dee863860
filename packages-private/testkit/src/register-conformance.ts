import {
  planCases,
  runConformanceCase,
  type ConformanceFixture,
  type SuiteKind,
} from "@queuert/conformance";

/** What a test runner has to offer: Vitest's `describe` and `test` fit. */
export interface TestRunner {
  readonly describe: (name: string, register: () => void) => void;
  readonly test: (
    name: string,
    run: (context: { readonly skip: (reason?: string) => unknown }) => Promise<void>,
  ) => void;
}

/**
 * Registers a test for each case that a fixture has to answer, and one for its table of skips. `QUEUERT_SEED` repeats the chance of an
 * earlier run.
 */
export function registerConformance(
  fixture: ConformanceFixture,
  { describe, test }: TestRunner,
  options: { readonly kinds?: readonly SuiteKind[] } = {},
): void {
  const { kinds = ["state", "notify"] } = options;
  const given = process.env["QUEUERT_SEED"];
  const shuffleSeed =
    given === undefined ? Math.floor(Math.random() * 4_294_967_296) : Number(given);
  const planned = planCases(fixture);

  describe(`${fixture.name} (seed ${shuffleSeed})`, () => {
    for (const entry of planned.filter(({ suite }) => kinds.includes(suite.kind))) {
      test(`${entry.suite.kind}/${entry.suite.name}: ${entry.name}`, async (context) => {
        const report = await runConformanceCase({
          fixture,
          planned: entry,
          shuffleSeed,
          caseTimeoutMs: 25_000,
        });
        if (report.outcome === "skipped") context.skip(report.reason);
        if (report.error !== undefined) throw new Error(report.error);
      });
    }

    test("the table of skips names cases that exist", async () => {
      const names = new Set(planned.map((entry) => entry.name));
      const stale = fixture.skips.filter((skip) => !names.has(skip.case));
      if (stale.length > 0) throw new Error(`No such case: ${JSON.stringify(stale)}`);
    });
  });
}
