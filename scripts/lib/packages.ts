import { globSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

import { at, root } from "./paths.ts";

export interface ExportConditions {
  readonly "queuert-source"?: string;
  readonly types?: string;
  readonly default?: string;
}

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, string | ExportConditions>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface PublishedPackage {
  /** Relative to the repository, as `packages/core`. */
  readonly folder: string;
  /** The folder's own name, as `core`. */
  readonly shortName: string;
  readonly manifest: Manifest;
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(at(folder, "package.json"), "utf8")) as Manifest;
}

/** The published packages, each after those it depends on: the order to build them in. */
export function listPublishedPackages(): PublishedPackage[] {
  const found = globSync("packages/*/package.json", { cwd: root })
    .map((path) => dirname(path))
    .toSorted()
    .map((folder) => ({
      folder,
      shortName: folder.slice("packages/".length),
      manifest: readManifest(folder),
    }))
    // A package is a package once it has an entry point to build.
    .filter(({ folder }) => globSync("src/index.ts", { cwd: at(folder) }).length > 0);
  const ordered: PublishedPackage[] = [];
  const visit = (candidate: PublishedPackage): void => {
    if (ordered.includes(candidate)) return;
    const { dependencies, devDependencies, peerDependencies } = candidate.manifest;
    const names = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
    for (const other of found) if (names.includes(other.manifest.name)) visit(other);
    ordered.push(candidate);
  };
  for (const candidate of found) visit(candidate);
  return ordered;
}

/** The entry points with code behind them: `.` and its siblings, without `./package.json`. */
export function listEntryPoints(
  manifest: Manifest,
): { name: string; conditions: ExportConditions }[] {
  return Object.entries(manifest.exports ?? {}).flatMap(([name, conditions]) =>
    typeof conditions === "string" ? [] : [{ name, conditions }],
  );
}
