import { posix } from "node:path";

import type { SourceModule } from "./imports.ts";
import { coreRooms, loadersOfGeneratedCode, packageRules } from "./rules.ts";

const { dirname, join } = posix;

export interface Violation {
  readonly path: string;
  readonly message: string;
}

/** What a folder's manifest lets its sources import from outside the repository. */
export type DeclaredDependencies = Readonly<Record<string, readonly string[]>>;

const coreSource = "packages/core/src/";

export function isTestFile(path: string): boolean {
  return /\.(test|test-d|fixture)\.ts$/.test(path) || path.includes("/fixtures/");
}

function folderOf(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

/** The room of a file in core, or undefined for a door. */
function roomOf(path: string): string | undefined {
  const inside = path.slice(coreSource.length);
  return inside.includes("/") ? inside.slice(0, inside.indexOf("/")) : undefined;
}

function packageNameOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith(".");
}

function isOwnPackage(specifier: string): boolean {
  return /^(queuert|@queuert)(\/|$)/.test(specifier);
}

function* findRoomViolations(module: SourceModule): Generator<string> {
  const room = roomOf(module.path);
  if (room === undefined) return;
  const rule = coreRooms[room];
  if (rule === undefined) {
    yield `is in a room that the rules do not know: ${room}`;
    return;
  }
  for (const { specifier, isTypeOnly } of module.imports) {
    if (!isRelative(specifier)) continue;
    const target = roomOf(join(dirname(module.path), specifier));
    if (target === room) continue;
    if (target === undefined) yield `goes through a door: ${specifier}`;
    else if (rule.mayImport.includes(target)) continue;
    else if (isTypeOnly && rule.mayMention?.includes(target) === true) continue;
    else yield `${room} must not import ${target}: ${specifier}`;
  }
}

function* findPackageViolations(
  module: SourceModule,
  declared: DeclaredDependencies,
): Generator<string> {
  const folder = folderOf(module.path);
  for (const { specifier } of module.imports) {
    if (isRelative(specifier) && folderOf(join(dirname(module.path), specifier)) !== folder) {
      yield `reaches into another package by path: ${specifier}`;
    }
  }
  // Tests may use what they like, through public entry points, which the exports maps see to.
  if (isTestFile(module.path)) return;
  const rule = packageRules.find(({ folders }) => folders.test(folder));
  if (rule === undefined) {
    yield `is in a package that the rules do not know: ${folder}`;
    return;
  }
  for (const { specifier } of module.imports) {
    if (isRelative(specifier)) continue;
    if (specifier.startsWith("node:")) {
      if (!rule.isNodeAllowed) yield `must not need Node: ${specifier}`;
    } else if (isOwnPackage(specifier)) {
      if (!rule.mayImport.test(specifier)) yield `${folder} must not import ${specifier}`;
    } else if (rule.externals === "none") {
      yield `${folder} has no dependencies: ${specifier}`;
    } else if (!(declared[folder] ?? []).includes(packageNameOf(specifier))) {
      yield `imports what its manifest does not declare: ${specifier}`;
    }
  }
}

export function findViolations(
  modules: readonly SourceModule[],
  declared: DeclaredDependencies,
): Violation[] {
  return modules.flatMap((module) => {
    const messages = [...findPackageViolations(module, declared)];
    if (module.path.startsWith(coreSource) && !isTestFile(module.path)) {
      messages.push(...findRoomViolations(module));
      if (module.hasAmbientTime) messages.push("takes time from the process, not from the clock");
    }
    if (module.hasDefaultExport) messages.push("has a default export");
    const mayLoad = isTestFile(module.path) || loadersOfGeneratedCode.includes(module.path);
    if (module.hasUnknownImport && !mayLoad) {
      messages.push("imports something that is only known at run time");
    }
    return messages.map((message) => ({ path: module.path, message }));
  });
}

/** Cycles of imports that exist at run time, each as the files along it. */
export function findCycles(modules: readonly SourceModule[]): string[][] {
  const targets = new Map(
    modules.map(({ path, imports }) => [
      path,
      imports
        .filter(({ specifier, isTypeOnly }) => !isTypeOnly && isRelative(specifier))
        .map(({ specifier }) => join(dirname(path), specifier)),
    ]),
  );
  const cycles: string[][] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    const start = trail.indexOf(path);
    if (start !== -1) {
      cycles.push([...trail.slice(start), path]);
      return;
    }
    if (done.has(path)) return;
    trail.push(path);
    for (const target of targets.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  };
  for (const path of targets.keys()) visit(path);
  return cycles;
}
