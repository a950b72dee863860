import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { createTestDatabase, findMainServerUrl } from "@queuert/testkit/postgres";
import { expect, it } from "vitest";

const examples = fileURLToPath(new URL("../../examples/", import.meta.url));
const { resolve } = createRequire(import.meta.url);

async function run(
  folder: string,
  nodeArguments: readonly string[],
  variables: NodeJS.ProcessEnv,
): Promise<string> {
  const env = { ...process.env, ...variables, FORCE_COLOR: undefined };
  const child = spawn(process.execPath, nodeArguments, { cwd: folder, env, timeout: 100_000 });
  const [output, errors, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  expect(status, output + errors).toBe(0);
  return output;
}

it.each([
  "node-postgres",
  "postgres-js",
  "drizzle",
  "drizzle-postgres-js",
  "kysely",
  "knex",
  "typeorm",
  "mikro-orm",
  "prisma",
  "pglite",
])(
  "P1 P2: the example postgres-%s charges what was committed, once, and nothing else",
  async (name) => {
    const folder = join(examples, `postgres-${name}`);
    if (name === "prisma") {
      const program = join(dirname(resolve("prisma/package.json")), "build", "index.js");
      await run(folder, [program, "generate"], {
        // Generating needs no engine for schemas, which would be downloaded else.
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        CHECKPOINT_DISABLE: "1",
      });
      const compiler = join(dirname(resolve("typescript/package.json")), "bin", "tsc");
      await run(folder, [compiler, "--noEmit", "-p", "tsconfig.generated.json"], {});
    }
    const database = await createTestDatabase(await findMainServerUrl());
    const output = await run(folder, ["--conditions=queuert-source", "main.ts"], {
      DATABASE_URL: database.url,
    });
    expect(output).toMatch(
      /^receipt of \S+\nreceipt of \S+\n2 orders, each with its chain and its receipt\n$/,
    );
    await database.drop();
  },
);
