import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

interface LockedPackage {
  readonly version?: string;
  readonly name?: string;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lockfiles = [
  "package-lock.json",
  "benchmarks/peers/package-lock.json",
  "scripts/node/22/package-lock.json",
  "scripts/node/24/package-lock.json",
  "scripts/node/26/package-lock.json",
  "scripts/postgres/14/package-lock.json",
  "scripts/postgres/15/package-lock.json",
  "scripts/postgres/16/package-lock.json",
  "scripts/postgres/17/package-lock.json",
  "scripts/postgres/18/package-lock.json",
];

describe.each(lockfiles)("%s", (file) => {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  const { packages } = JSON.parse(text) as { packages: Record<string, LockedPackage> };
  const installed = Object.entries(packages).filter(
    ([path, { link }]) => path.includes("node_modules/") && link !== true,
  );

  it("names packages by content and by no address", () => {
    const wrong = installed.filter(
      ([, { resolved, integrity }]) => resolved !== undefined || integrity === undefined,
    );
    expect(wrong.map(([path]) => path)).toEqual([]);
  });

  it("knows the binaries of every platform", () => {
    // A binary that was not published when the lock was written makes `npm ci` refuse the lock, everywhere.
    const locked = new Set(
      installed.map(
        ([path, { name, version }]) => `${name ?? path.split("node_modules/").at(-1)}@${version}`,
      ),
    );
    const missing = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
      Object.entries(optionalDependencies)
        .filter(([, range]) => /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range))
        .map(([name, version]) => `${name}@${version}`)
        .filter((name) => !locked.has(name)),
    );
    expect(missing).toEqual([]);
  });
});
