// The text of a compile error is part of the API. Each fixture holds programs that users write, right and wrong; a line
// `// expect: <sentence>` stands above each line that has to be refused, once for each error, with words of its message.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";

interface Refusal {
  readonly line: number;
  readonly text: string;
}

const folder = join(import.meta.dirname, "fixtures");
const fixtures = readdirSync(folder).filter((name) => name.endsWith(".ts"));

describe("compile errors", () => {
  let refusals: ReadonlyMap<string, readonly Refusal[]>;
  beforeAll(() => {
    refusals = compile();
  }, 120_000);

  test.each(fixtures)("%s", (name) => {
    const left = [...(refusals.get(name) ?? [])];
    const missing = readExpectations(name).filter((expected) => {
      const found = left.findIndex(
        ({ line, text }) => line === expected.line && text.includes(expected.text),
      );
      return found === -1 || left.splice(found, 1).length === 0;
    });
    expect({ missing, unexpected: left }).toEqual({ missing: [], unexpected: [] });
  });
});

/** Runs the compiler once over all fixtures: file → what it says, with the line. */
function compile(): Map<string, Refusal[]> {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve("typescript/package.json");
  const { bin } = require(manifest) as { bin: { tsc: string } };
  const command = [join(dirname(manifest), bin.tsc), "-p", folder, "--pretty", "false"];
  const report = outputOf(() =>
    execFileSync(process.execPath, command, { encoding: "utf8", cwd: folder, stdio: "pipe" }),
  );
  const refusals = new Map<string, Refusal[]>(fixtures.map((name) => [name, []]));
  // A message goes on in indented lines.
  for (const message of report.split(/\n(?=\S)/)) {
    const [, path = "", line = "", text = ""] =
      /^(.+?)\((\d+),\d+\): error TS\d+: (.*)$/s.exec(message) ?? [];
    refusals.get(basename(path))?.push({ line: Number(line), text });
  }
  return refusals;
}

/** The compiler leaves with an error, as it should: what it printed is what counts. */
function outputOf(run: () => string): string {
  try {
    return run();
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    if (stdout === undefined || stdout === "") {
      throw new Error(`The compiler did not run: ${stderr}`, { cause: error });
    }
    return stdout;
  }
}

function readExpectations(name: string): Refusal[] {
  const expectations: Refusal[] = [];
  let waiting: string[] = [];
  for (const [index, line] of readFileSync(join(folder, name), "utf8").split("\n").entries()) {
    const text = /^\s*\/\/ expect: (.*)$/.exec(line)?.[1];
    if (text === undefined) {
      expectations.push(...waiting.map((expected) => ({ line: index + 1, text: expected })));
      waiting = [];
    } else {
      waiting.push(text);
    }
  }
  return expectations;
}
