// What the tests of this repository share.
export { fixtures, postgresFixture, sqliteFixtures } from "./adapters.ts";
export { memoryFixture } from "./memory-fixture.ts";
export { registerConformance, type TestRunner } from "./register-conformance.ts";
export { createSqliteFixture } from "./sqlite-fixture.ts";
export { pairs } from "./pairs.ts";
