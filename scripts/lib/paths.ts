import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** An absolute path from one relative to the repository. */
export function at(...segments: string[]): string {
  return join(root, ...segments);
}

export function exists(path: string): boolean {
  return existsSync(at(path));
}
