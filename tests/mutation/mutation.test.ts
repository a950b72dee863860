import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { mutations } from "./mutations.ts";
import { huntByConformance, huntBySimulation } from "./run-mutation.ts";

const sources = join(dirname(fileURLToPath(import.meta.url)), "../../packages/core/src");
/** The rarest shows in one seed of a hundred and fifty. The seeds are the same each time, so this is no matter of luck. */
const seedCount = 300;

describe.each(mutations)("$name", (mutation) => {
  it("can be planted", () => {
    for (const { file, from } of mutation.edits)
      expect(readFileSync(join(sources, file), "utf8").split(from).length - 1, file).toBe(1);
  });

  it("is found out by the simulation", async () => {
    const [find] = await huntBySimulation(mutation, { seedCount, isAll: false });
    expect(mutation.invariants).toContain(find?.invariant);
  });

  const { failingCase } = mutation;
  if (failingCase === undefined) return;
  it("is found out by the conformance suite", async () => {
    expect(await huntByConformance(mutation, failingCase)).toEqual([failingCase]);
  });
});

describe("a bug that cannot be planted", () => {
  it("is an error, and no miss", async () => {
    const moved = { ...mutations[0]!, name: "not in the list" };
    await expect(huntBySimulation(moved, { seedCount: 1, isAll: false })).rejects.toThrow(
      /no mutation/,
    );
  });
});
