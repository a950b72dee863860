import { expect, test } from "vitest";

import { listSuites } from "./suites.ts";
import { listTagCoverage } from "./tag-coverage.ts";
import { allTags, tagsShownElsewhere } from "./trap-tags.ts";

test("every promise and trap has cases, or a reason why it is shown elsewhere, and never both", () => {
  const uncovered = listTagCoverage().filter((entry) => !entry.isCovered);
  expect(
    uncovered.map(({ tag, cases, shownElsewhere }) => ({ tag, cases, shownElsewhere })),
  ).toEqual([]);
});

test("the table of reasons names known tags", () => {
  expect(Object.keys(tagsShownElsewhere).filter((tag) => !allTags.includes(tag))).toEqual([]);
});

test("cases carry known tags", () => {
  const tags = listSuites().flatMap((suite) => suite.cases.flatMap((candidate) => candidate.tags));
  expect([...new Set(tags)].filter((tag) => !allTags.includes(tag))).toEqual([]);
});

test("the names of cases are unique", () => {
  const names = listSuites().flatMap((suite) => suite.cases.map((candidate) => candidate.name));
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
