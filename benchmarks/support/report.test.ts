import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { formatTable } from "./report.ts";
import { formatNumber, formatSpread, quantile, spreadOf } from "./statistics.ts";

test("a table stands as the formatter lays it out", () => {
  expect(
    formatTable(
      ["", "per second"],
      [
        ["one", "1"],
        ["another", "12,345"],
      ],
    ),
  ).toBe(
    [
      "|         | per second |",
      "| ------- | ---------: |",
      "| one     |          1 |",
      "| another |     12,345 |",
    ].join("\n"),
  );
});

test("every benchmark that reports has its section", () => {
  const report = readFileSync(new URL("../../BENCHMARKS.md", import.meta.url), "utf8");
  const sections = [...report.matchAll(/<!-- (\w+): begin -->[^]*?<!-- \1: end -->/g)];
  expect(sections.map(([, name]) => name)).toEqual([
    "peers",
    "cost",
    "queries",
    "memory",
    "bundle",
  ]);
});

test("figures are medians with their range, in as many digits as they bear", () => {
  expect(formatSpread(spreadOf([3, 1_234.5, 20_000]))).toBe("1,235 (3–20,000)");
  expect(formatSpread(spreadOf([0.0213]))).toBe("0.021");
  expect(formatNumber(Number.NaN)).toBe("–");
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(3);
});
