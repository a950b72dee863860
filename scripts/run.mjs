// The door of every npm script. It starts under any Node from 18 on, so it is plain JavaScript: it brings the Node that
// the repository names, installs what the lock says if that is due, and hands over to a task.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { ensureNode } from "./node/ensure-node.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const nodeMajor = "24";
const nodeMajorMin = 22;

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** npm leaves a copy of the lock beside what it installed: comparing the two says whether an install is due. */
function isInstallDue() {
  const installed = readJson(join(modules, ".package-lock.json"));
  const locked = readJson(join(root, "package-lock.json"));
  if (installed === undefined || locked === undefined) return true;
  return Object.entries(locked.packages).some(([path, entry]) => {
    if (!path.includes("node_modules/")) return false;
    const found = installed.packages[path];
    // Optional packages of other platforms are locked and rightly not installed.
    if (found === undefined) return entry.optional !== true;
    return (
      found.version !== entry.version ||
      found.integrity !== entry.integrity ||
      found.link !== entry.link
    );
  });
}

/** Under the same Node as everything else: npm leaves out optional packages that its own Node is too old for. */
function install(node, env) {
  console.error("Installing the locked dependencies (npm ci) …");
  const flags = [
    "ci",
    "--include=dev",
    "--include=optional",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  const npmCli = process.env.npm_execpath;
  const isNpm = npmCli !== undefined && /npm-cli\.[cm]?js$/.test(npmCli);
  const options = { cwd: root, env, stdio: ["ignore", 2, 2] };
  const result = isNpm
    ? spawnSync(node, [npmCli, ...flags], options)
    : spawnSync("npm", flags, { ...options, shell: process.platform === "win32" });
  if (result.status !== 0) {
    console.error("npm ci failed: nothing was run.");
    process.exit(result.status ?? 1);
  }
}

const tasksFolder = join(root, "scripts", "tasks");
const [task, ...taskArguments] = process.argv.slice(2);
const taskPath = join(tasksFolder, `${task}.ts`);
if (task === undefined || !existsSync(taskPath)) {
  const names = readdirSync(tasksFolder).map((file) => file.replace(/\.ts$/, ""));
  console.error(`Usage: node scripts/run.mjs TASK [arguments]\nTasks: ${names.join(", ")}`);
  process.exit(1);
}

const node = (await ensureNode(nodeMajor)) ?? process.execPath;
if (node === process.execPath && Number.parseInt(process.versions.node, 10) < nodeMajorMin) {
  console.error(
    `Node ${nodeMajorMin} or newer is needed, this is ${process.version}, and no Node is published for ${process.platform}-${process.arch} that could be installed here.`,
  );
  process.exit(1);
}
const path = [dirname(node), join(modules, ".bin"), process.env.PATH].join(delimiter);
const env = {
  ...process.env,
  PATH: path,
  // The Node of the repository brings its own authorities; a registry may be known to the system's alone.
  NODE_USE_SYSTEM_CA: process.env.NODE_USE_SYSTEM_CA ?? "1",
};
if (isInstallDue()) install(node, env);

const child = spawn(node, ["--conditions=queuert-source", taskPath, ...taskArguments], {
  // npm runs scripts at the root and says in INIT_CWD where the user stood; paths in arguments are relative to that.
  cwd: process.env.INIT_CWD ?? process.cwd(),
  env,
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => child.kill(signal));
}
child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 130)));
