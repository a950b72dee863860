// The public surface of `@queuert/conformance`.
export type { Capability, ConformanceCase, ConformanceSuite, SuiteKind } from "./case.ts";
export type {
  ConformanceFixture,
  ConformanceInstallation,
  ConformanceStore,
  ListedSkip,
  OpenStateOptions,
  OwnRows,
} from "./fixture.ts";
export { ConformanceFailure, expect, type Expect } from "./expect.ts";
export {
  planCases,
  runConformance,
  runConformanceCase,
  type PlannedCase,
  type RunConformanceOptions,
} from "./run-conformance.ts";
export { formatConformanceReport, type CaseReport, type ConformanceReport } from "./report.ts";
export { listSuites, type AnySuite } from "./suites.ts";
export {
  runDifferential,
  type DifferentialReport,
  type RunDifferentialOptions,
} from "./differential/run-differential.ts";
export { listTagCoverage, type TagCoverage } from "./tag-coverage.ts";
