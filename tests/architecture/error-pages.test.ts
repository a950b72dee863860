import { globSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const pagesFolder = join(root, "docs", "errors");

interface ErrorClass {
  readonly name: string;
  readonly code: string;
  readonly fields: readonly string[];
}

// The sources are read instead of imported, so that a class that nobody exports is found as well.
function readErrorClasses(source: string): ErrorClass[] {
  return source
    .split(/^export class /m)
    .slice(1)
    .flatMap((rest) => {
      const text = rest.split("\n}\n")[0]!;
      const code = /^ {2}static override readonly code = "(\w+)"/m.exec(text)?.[1];
      if (code === undefined) return [];
      const fields = [...text.matchAll(/^ {2}readonly (\w+)[?:]/gm)].map((match) => match[1]!);
      return [{ name: /^\w+/.exec(text)![0], code, fields }];
    });
}

const errorClasses = globSync("packages/*/src/**/*.ts", {
  cwd: root,
  exclude: ["**/*.test.ts"],
}).flatMap((path) => readErrorClasses(readFileSync(join(root, path), "utf8")));
const codes = errorClasses.map(({ code }) => code).toSorted();
const index = readFileSync(join(pagesFolder, "README.md"), "utf8");

describe("error pages", () => {
  test("every code has a page, and every page a code", () => {
    const pages = readdirSync(pagesFolder)
      .filter((file) => file !== "README.md")
      .map((file) => basename(file, ".md"));
    expect(codes).not.toEqual([]);
    expect(pages.toSorted()).toEqual(codes);
  });

  test("no two classes share a code", () => {
    expect(new Set(codes).size).toBe(codes.length);
  });

  test("the index lists every page once, beside its class", () => {
    const listed = [...index.matchAll(/^\| \[(\w+)\]\((\w+)\.md\) *\| `(\w+)` *\|/gm)].map(
      ([, code, file, name]) => `${code} ${file} ${name}`,
    );
    const expected = errorClasses.map(({ code, name }) => `${code} ${code} ${name}`);
    expect(listed.toSorted()).toEqual(expected.toSorted());
  });

  test.each(errorClasses)("$code names its class and every field", ({ code, name, fields }) => {
    const page = readFileSync(join(pagesFolder, `${code}.md`), "utf8");
    expect(page.startsWith(`# ${code}\n\n\`${name}\`\n`)).toBe(true);
    const described = [...page.matchAll(/^- `(\w+)`: /gm)].map((match) => match[1]!);
    expect(described).toEqual(expect.arrayContaining([...fields]));
    for (const heading of ["What happened", "Why", "What to do", "Fields"]) {
      expect(page).toContain(`\n## ${heading}\n`);
    }
  });
});
