// Brings PgBouncer, to show that the adapter works behind a pool that changes the connection with each transaction.
import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

import { installBeside } from "./install-beside.ts";
import { cacheFolder } from "./repository-folder.ts";

const execute = promisify(execFile);

export interface PgBouncerProgram {
  readonly program: string;
  /** What it needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * PgBouncer as this machine has it; where it has none but has apt, the distribution's package, unpacked into
 * `.cache/pgbouncer`: the system stays as it is. Undefined where there is neither. Throws when the download fails.
 */
export async function ensurePgBouncer(): Promise<PgBouncerProgram | undefined> {
  const installed = findProgram("pgbouncer");
  if (installed !== undefined) return { program: installed, env: {} };
  if (findProgram("apt-get") === undefined || findProgram("dpkg-deb") === undefined)
    return undefined;

  const home = join(cacheFolder, "pgbouncer");
  await installBeside(home, unpackPackages);
  const libraryFolders = globSync("{lib,usr/lib}/*-linux-gnu*", { cwd: home });
  return {
    program: join(home, "usr/sbin/pgbouncer"),
    env: { LD_LIBRARY_PATH: libraryFolders.map((folder) => join(home, folder)).join(delimiter) },
  };
}

/** Debian keeps servers where the path of ordinary users does not lead. */
function findProgram(name: string): string | undefined {
  return [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** Downloads the package with those of its dependencies that the system lacks. */
async function unpackPackages(folder: string): Promise<void> {
  const work = join(folder, "apt");
  for (const inside of ["lists/partial", "archives/partial"])
    await mkdir(join(work, inside), { recursive: true });
  // Lists of its own: those of the system may be old, and name packages that are gone. Nothing of the system is
  // written, so nothing has to be locked, and any user may do it.
  const options = [
    `Dir::State::lists=${work}/lists`,
    `Dir::Cache::archives=${work}/archives`,
    `Dir::Cache::pkgcache=`,
    `Dir::Cache::srcpkgcache=`,
    "Debug::NoLocking=true",
    "APT::Sandbox::User=",
    "Acquire::Retries=3",
    "Acquire::Languages=none",
  ].flatMap((option) => ["-o", option]);
  await execute("apt-get", [...options, "--quiet", "update"]);
  await execute("apt-get", [
    ...options,
    "--quiet",
    "--yes",
    "--download-only",
    "--no-install-recommends",
    "install",
    "pgbouncer",
  ]);
  for (const archive of globSync("archives/*.deb", { cwd: work }))
    await execute("dpkg-deb", ["--extract", join(work, archive), folder]);
  await rm(work, { recursive: true });
}
