// What `npm run check` and `npm test` do. A step whose files do not exist is not in the list; one line adds a step.
import { command, script, scriptUnderNode, vitestProject } from "./lib/step-kinds.ts";
import type { Step } from "./lib/steps.ts";

/** The supported Nodes besides the one that the scripts run under. */
const nodeMatrix = ["22", "26"];
/** The supported majors besides the newest, which the projects run on. */
const postgresMatrix = ["14", "15", "16", "17"];
const conformanceReport = "packages-private/testkit/src/conformance-report.ts";

/** Long steps stand first in their lane: they run beside the many short ones. */
export const steps: readonly Step[] = [
  { name: "build", lane: "check", run: script("scripts/tasks/build.ts") },
  { name: "types", lane: "check", run: script("scripts/tasks/types.ts") },
  { name: "format", lane: "check", run: command("oxfmt", ["--check"]) },
  { name: "lint", lane: "check", run: command("oxlint", ["--deny-warnings"]) },
  { name: "pack", lane: "check", needs: ["build"], run: script("scripts/tasks/pack.ts") },
  { name: "packages", lane: "check", needs: ["pack"], run: script("scripts/tasks/packages.ts") },
  {
    name: "surface",
    lane: "check",
    needs: ["build"],
    run: script("scripts/tasks/surface.ts", ["--built"]),
  },
  { name: "doc comments", lane: "check", needs: ["build"], run: script("scripts/tasks/docs.ts") },
  { name: "unused", lane: "check", run: command("knip", []) },
  { name: "architecture", lane: "check", run: vitestProject("architecture") },
  {
    name: "unit",
    lane: "check",
    when: "{packages,packages-private}/*/src/**/*.test.ts",
    run: vitestProject("unit"),
  },

  {
    name: "contract",
    lane: "test",
    when: "{packages,packages-private}/*/src/**/*.contract.test.ts",
    run: vitestProject("contract"),
  },
  {
    name: "behaviour",
    lane: "test",
    when: "{packages,packages-private}/*/src/**/*.behaviour.test.ts",
    run: vitestProject("behaviour"),
  },
  {
    name: "variance",
    lane: "test",
    when: "{packages,packages-private}/*/src/**/*.variance.test.ts",
    run: vitestProject("variance"),
  },
  {
    name: "chaos",
    lane: "test",
    when: "tests/chaos/**/*.test.ts",
    run: vitestProject("chaos"),
  },
  {
    name: "simulation",
    lane: "test",
    when: "tests/simulation/**/*.test.ts",
    run: vitestProject("simulation"),
  },
  { name: "budget", lane: "test", when: "benchmarks/**/*.test.ts", run: vitestProject("budget") },
  {
    name: "e2e",
    lane: "test",
    needs: ["pack"],
    when: "tests/e2e/**/*.test.ts",
    run: vitestProject("e2e"),
  },
  {
    name: "quick start",
    lane: "test",
    when: "examples/quickstart/main.ts",
    run: script("examples/quickstart/main.ts"),
  },
  {
    name: "simulate",
    lane: "test",
    when: "tests/simulation/main.ts",
    run: script("tests/simulation/main.ts", ["--seeds", "1000", "--fresh"]),
  },
  // The adapters as most have them stand in the projects above, under this Node.
  {
    name: "conformance, variants",
    lane: "test",
    when: conformanceReport,
    run: script(conformanceReport, ["--set", "variants"]),
  },
  {
    name: "conformance, libraries",
    lane: "test",
    when: conformanceReport,
    run: script(conformanceReport, ["--set", "libraries"]),
  },
  ...nodeMatrix.map((major): Step => ({
    name: `conformance, Node ${major}`,
    lane: "test",
    when: conformanceReport,
    run: scriptUnderNode(major, conformanceReport, ["--set", "essential"]),
  })),
  ...postgresMatrix.map((major): Step => ({
    name: `conformance, PostgreSQL ${major}`,
    lane: "test",
    when: conformanceReport,
    run: script(conformanceReport, ["--only", "postgres (node-postgres)"], {
      env: { QUEUERT_POSTGRES_MAJOR: major },
    }),
  })),
];
