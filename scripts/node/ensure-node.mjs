// Brings the Nodes that the repository names: the one its scripts run under and the others of the test matrix. Each is
// locked in a folder beside this file and installed into `.cache/node-<major>` when first asked for. They stay out of
// the root's dependencies because npm leaves out optional packages that the Node running it is too old for: what
// installs those has to be there before. Plain JavaScript, since it runs under any Node from 18 on.
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const cache = join(dirname(dirname(here)), ".cache");

async function isRunnable(node, version) {
  try {
    const { stdout } = await execute(node, ["--version"]);
    return stdout.trim() === `v${version}`;
  } catch {
    return false;
  }
}

export async function ensureNode(major) {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const packageName = `node-${platform}-${process.arch}`;
  const recipe = join(here, major);
  const manifest = JSON.parse(await readFile(join(recipe, "package.json"), "utf8"));
  const version = manifest.optionalDependencies[packageName];
  if (version === undefined) return undefined;

  const home = join(cache, `node-${major}`);
  const binary = process.platform === "win32" ? "node.exe" : "node";
  const inside = join("node_modules", packageName, "bin", binary);
  if (await isRunnable(join(home, inside), version)) return join(home, inside);

  // Installed beside its place and moved there whole, so that two runs at once, or one cut short, do no harm.
  await mkdir(cache, { recursive: true });
  const stage = await mkdtemp(`${home}-`);
  try {
    for (const file of ["package.json", "package-lock.json"]) {
      await copyFile(join(recipe, file), join(stage, file));
    }
    const flags = [
      "ci",
      `--prefix=${stage}`,
      "--include=optional",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      // One answer that does not come must not hold up everything for npm's five minutes.
      "--fetch-timeout=60000",
      "--fetch-retries=5",
    ];
    await execute("npm", flags, { cwd: stage, shell: process.platform === "win32" });
    // A binary may be published and not run here, as on a musl system.
    if (!(await isRunnable(join(stage, inside), version))) return undefined;
    await rm(home, { recursive: true, force: true });
    await rename(stage, home);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
  return join(home, inside);
}
