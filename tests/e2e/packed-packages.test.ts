import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

/**
 * The packages as a stranger gets them: the tarballs that `npm test` packed, installed in an empty project that knows
 * nothing of this repository.
 */
const root = fileURLToPath(new URL("../..", import.meta.url));
const tarballs = join(root, ".cache/tarballs");
const project = mkdtempSync(join(tmpdir(), "queuert-e2e-"));

/** What the entry points need beside them, at the versions the repository is tested with. */
const companions = [
  readVersion("packages/sqlite", "better-sqlite3"),
  readVersion(".", "@types/better-sqlite3"),
  readVersion(".", "@types/node"),
];

function readVersion(folder: string, name: string): string {
  const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  return `${name}@${manifest.devDependencies[name]}`;
}

function run(command: string, commandArguments: readonly string[]) {
  // Vitest's own variables, above all NODE_ENV, are none of the stranger's.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(VITEST|NODE_ENV|NODE_OPTIONS|FORCE_COLOR|npm_)/.test(name),
    ),
  );
  const { status, stdout, stderr } = spawnSync(command, commandArguments, {
    cwd: project,
    encoding: "utf8",
    env,
  });
  return { status, output: `${stdout}${stderr}`, stdout };
}

interface InstalledManifest {
  name: string;
  exports: Record<string, string | Record<string, string>>;
}

function readInstalled(): InstalledManifest[] {
  const paths = [
    "queuert",
    ...readdirSync(join(project, "node_modules/@queuert")).map((name) => `@queuert/${name}`),
  ];
  return paths.map(
    (path) =>
      JSON.parse(
        readFileSync(join(project, "node_modules", path, "package.json"), "utf8"),
      ) as InstalledManifest,
  );
}

function listSpecifiers(): string[] {
  return readInstalled().flatMap(({ name, exports }) =>
    Object.entries(exports)
      .filter(([, target]) => typeof target !== "string")
      .map(([entry]) => `${name}${entry.slice(1)}`),
  );
}

beforeAll(() => {
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "stranger", private: true, type: "module" }),
  );
  const files = readdirSync(tarballs).map((name) => join(tarballs, name));
  const { status, output } = run("npm", [
    "install",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    // What the repository's own install has fetched already, and soon again where an answer does not come.
    "--prefer-offline",
    "--fetch-timeout=20000",
    "--fetch-retries=5",
    ...files,
    ...companions,
  ]);
  if (status !== 0) throw new Error(`The tarballs could not be installed.\n${output}`);
}, 300_000);

afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

describe("the packed packages", () => {
  it("ship no condition that points at sources", () => {
    for (const { exports } of readInstalled()) {
      expect(JSON.stringify(exports)).not.toMatch(/queuert-source|\/src\//);
    }
  });

  it("ship neither tests nor sources", () => {
    for (const { name } of readInstalled()) {
      const files = readdirSync(join(project, "node_modules", name), { recursive: true }).map(
        String,
      );
      expect(files.filter((file) => /\.test|fixtures|(^|\/)src\//.test(file))).toEqual([]);
      expect(files).toContain("LICENSE");
      expect(files).toContain("README.md");
    }
  });

  it("can be imported through every entry point", () => {
    writeFileSync(
      join(project, "import-all.mjs"),
      `for (const specifier of ${JSON.stringify(listSpecifiers())}) {
        const names = Object.keys(await import(specifier));
        if (names.length === 0) throw new Error(specifier + " exports nothing");
      }`,
    );
    const { status, output } = run("node", ["import-all.mjs"]);
    expect(status, output).toBe(0);
  });

  it.each(["nodenext", "bundler"])(
    "have types that resolve for module resolution %s",
    (resolution) => {
      const isNode = resolution === "nodenext";
      writeFileSync(
        join(project, "main.ts"),
        `${listSpecifiers()
          .map(
            (specifier, index) => `import * as module${index} from ${JSON.stringify(specifier)};`,
          )
          .join("\n")}\nexport const modules: object[] = [${listSpecifiers()
          .map((_, index) => `module${index}`)
          .join(", ")}];\n`,
      );
      writeFileSync(
        join(project, "tsconfig.json"),
        JSON.stringify({
          compilerOptions: {
            target: "es2023",
            module: isNode ? "nodenext" : "esnext",
            moduleResolution: resolution,
            strict: true,
            exactOptionalPropertyTypes: true,
            noEmit: true,
            // The declarations themselves are what is checked here.
            skipLibCheck: false,
            types: ["node"],
          },
          files: ["main.ts"],
        }),
      );
      const { status, output } = run("node", [
        join(root, "node_modules/typescript/bin/tsc"),
        "-p",
        ".",
      ]);
      expect(status, output).toBe(0);
    },
  );
});
