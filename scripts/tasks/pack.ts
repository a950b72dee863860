// Packs the built packages as they are published: .cache/tarballs/<name>.tgz. The manifest loses what only the
// repository needs, above all the `queuert-source` condition, which would point at files that are not shipped.
import { copyFile, cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { listPublishedPackages, type Manifest } from "../lib/packages.ts";
import { at } from "../lib/paths.ts";
import { runCommand } from "../lib/process.ts";

function toPublishedManifest(manifest: Manifest): Manifest {
  const { devDependencies: _, ...published } = manifest;
  const entries = Object.entries(manifest.exports ?? {}).map(([name, conditions]) => {
    if (typeof conditions === "string") return [name, conditions] as const;
    const { "queuert-source": __, ...shipped } = conditions;
    return [name, shipped] as const;
  });
  return { ...published, exports: Object.fromEntries(entries) };
}

const tarballs = at(".cache/tarballs");
await rm(tarballs, { recursive: true, force: true });
await mkdir(tarballs, { recursive: true });
let passed = 0;
let failed = 0;
for (const { folder, shortName, manifest } of listPublishedPackages()) {
  const stage = at(".cache/pack", shortName);
  await rm(stage, { recursive: true, force: true });
  await mkdir(stage, { recursive: true });
  await cp(at(folder, "dist"), join(stage, "dist"), { recursive: true });
  await copyFile(at(folder, "README.md"), join(stage, "README.md"));
  await copyFile(at("LICENSE"), join(stage, "LICENSE"));
  await writeFile(
    join(stage, "package.json"),
    `${JSON.stringify(toPublishedManifest(manifest), null, 2)}\n`,
  );
  const { code, output, stdout } = await runCommand(
    "npm",
    ["pack", "--json", "--loglevel=error", "--ignore-scripts", `--pack-destination=${tarballs}`],
    { cwd: stage },
  );
  if (code === 0) {
    const [packed] = JSON.parse(stdout) as { filename: string }[];
    await rename(join(tarballs, packed?.filename ?? ""), join(tarballs, `${shortName}.tgz`));
    passed += 1;
  } else {
    failed += 1;
    console.log(`${folder}\n${output}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
