import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

/** Development sees the packages' sources. The rest is what Vite resolves for a server by default. */
const conditions = ["queuert-source", "module", "node", "development|production"];

const project = (
  name: string,
  test: NonNullable<TestProjectInlineConfiguration["test"]>,
): TestProjectInlineConfiguration => ({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: "forks",
    // What a test imports without Vite, or starts as a worker, sees the sources too.
    execArgv: ["--conditions=queuert-source"],
    environment: "node",
    testTimeout: 10_000,
    hookTimeout: 30_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    ...test,
    name,
  },
});

const sources = "{packages,packages-private}/*/src/**";

export default defineConfig({
  test: {
    // Opens a door only: a PostgreSQL server is started when the first test asks for one.
    globalSetup: ["packages-private/testkit/src/postgres/global-setup.ts"],
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts"],
      exclude: ["**/*.test.ts", "**/*.test-d.ts", "**/fixtures/**"],
      reportsDirectory: "coverage",
    },
    projects: [
      project("unit", {
        include: [`${sources}/*.test.ts`],
        exclude: ["**/*.{contract,behaviour,variance}.test.ts", "**/node_modules/**", "**/dist/**"],
      }),
      project("contract", {
        include: [`${sources}/*.contract.test.ts`],
        testTimeout: 30_000,
        sequence: { shuffle: true },
      }),
      project("behaviour", {
        include: [`${sources}/*.behaviour.test.ts`],
        testTimeout: 30_000,
        sequence: { shuffle: true },
      }),
      project("variance", { include: [`${sources}/*.variance.test.ts`], testTimeout: 30_000 }),
      project("architecture", { include: ["tests/architecture/**/*.test.ts"] }),
      project("simulation", {
        include: ["tests/{simulation,mutation}/**/*.test.ts"],
        testTimeout: 120_000,
      }),
      project("chaos", { include: ["tests/chaos/**/*.test.ts"], testTimeout: 300_000 }),
      project("budget", { include: ["benchmarks/**/*.test.ts"], testTimeout: 120_000 }),
      project("e2e", {
        include: ["tests/e2e/**/*.test.ts"],
        testTimeout: 120_000,
        hookTimeout: 120_000,
      }),
    ],
  },
});
