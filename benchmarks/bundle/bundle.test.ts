import { readFileSync } from "node:fs";

import { beforeAll, describe, expect, test } from "vitest";

import { measureBundles, type BundleSizes } from "./measure.ts";

/** The contract. What grows by more fails here until it is meant: `npm run bench bundle -- --pin`. */
const pins = JSON.parse(readFileSync(new URL("pins.json", import.meta.url), "utf8")) as BundleSizes;
const tolerance = 0.1;

describe("the size of each entry point, within the contract", () => {
  let sizes: BundleSizes;
  beforeAll(async () => {
    sizes = await measureBundles();
  });

  test("every entry point is pinned", () => {
    expect(Object.keys(sizes)).toEqual(Object.keys(pins));
  });

  test.each(Object.entries(pins))("%s", (name, { minified }) => {
    expect(sizes[name]?.minified).toBeLessThanOrEqual(minified * (1 + tolerance));
    expect(sizes[name]?.minified).toBeGreaterThanOrEqual(minified * (1 - tolerance));
  });
});
