import { expect, test } from "vitest";

import { behaviourSuites } from "./suites.ts";

const cases = behaviourSuites.flatMap((suite) => suite.cases);

test("every promise has behaviour cases", () => {
  const promises = Array.from({ length: 9 }, (_, index) => `P${index + 1}`);
  expect(promises.filter((promise) => !cases.some(({ tags }) => tags.includes(promise)))).toEqual(
    [],
  );
});

test("every case is named after the promises and traps that it shows, and no other has its name", () => {
  expect(cases.filter(({ tags }) => tags.length === 0).map(({ name }) => name)).toEqual([]);
  const names = cases.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
