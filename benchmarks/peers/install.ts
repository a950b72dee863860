import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** Installs the locked packages of the peers into this folder, unless they are there. */
export function installPeers(): void {
  if (isInstalled()) return;
  console.error("Installing the peers (npm ci in benchmarks/peers) …");
  const { status } = spawnSync("npm", ["ci", "--no-workspaces", "--loglevel=error"], {
    cwd: folder,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error("The peers could not be installed.");
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly optional?: boolean }>
  >;
}

/** npm leaves a copy of the lock beside what it installed. */
function isInstalled(): boolean {
  const installed = readLock("node_modules/.package-lock.json");
  const locked = readLock("package-lock.json");
  return Object.entries(locked?.packages ?? {}).every(
    ([path, { version, optional }]) =>
      path === "" || optional === true || installed?.packages[path]?.version === version,
  );
}

function readLock(path: string): Lock | undefined {
  try {
    return JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as Lock;
  } catch {
    return undefined;
  }
}

/** Which version of each peer is locked, by its package's name. */
export function listPeerVersions(): string[] {
  const { dependencies } = JSON.parse(
    readFileSync(new URL("package.json", import.meta.url), "utf8"),
  ) as { readonly dependencies: Readonly<Record<string, string>> };
  return Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
}
