import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { rolldown } from "rolldown";

import { at } from "../../scripts/lib/paths.ts";
import { listEntryPoints, listPublishedPackages } from "../../scripts/lib/packages.ts";

/** What an entry point adds to a program, in bytes. Other packages, this repository's too, are not in it. */
export interface BundleSize {
  readonly minified: number;
  readonly gzipped: number;
}

/** By the specifier that a user writes. */
export type BundleSizes = Readonly<Record<string, BundleSize>>;

/** A suite of tests ends up in nobody's bundle. */
const unbundled = new Set(["@queuert/conformance"]);

/** Bundles each entry point of each published package by itself, as a user's bundler does who uses all that it exports. */
export async function measureBundles(): Promise<BundleSizes> {
  const sizes: Record<string, BundleSize> = {};
  const bundled = listPublishedPackages().filter(({ manifest }) => !unbundled.has(manifest.name));
  for (const { folder, manifest } of bundled)
    for (const { name, conditions } of listEntryPoints(manifest)) {
      const source = conditions["queuert-source"];
      if (source !== undefined)
        sizes[join(manifest.name, name)] = await measureBundle(at(folder, source));
    }
  return sizes;
}

async function measureBundle(entry: string): Promise<BundleSize> {
  const bundle = await rolldown({
    input: entry,
    // Whatever is not a file of the package: its peers, and Node's own modules.
    external: /^[^./]/,
    logLevel: "silent",
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  const code = output.map((chunk) => (chunk.type === "chunk" ? chunk.code : "")).join("\n");
  return { minified: Buffer.byteLength(code), gzipped: gzipSync(code, { level: 9 }).length };
}
