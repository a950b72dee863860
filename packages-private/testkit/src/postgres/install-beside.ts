import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Fills a folder that does not exist yet, and does nothing when it exists. It is filled beside its place and moved there
 * whole, so that two processes at once, or one cut short, do no harm: a folder that exists is complete.
 */
export async function installBeside(
  folder: string,
  install: (stage: string) => Promise<void>,
): Promise<void> {
  if (existsSync(folder)) return;
  await mkdir(dirname(folder), { recursive: true });
  const stage = await mkdtemp(`${folder}-`);
  try {
    // What is installed by root is run by another user.
    await chmod(stage, 0o755);
    await install(stage);
    await rename(stage, folder);
  } catch (error) {
    // Another process was first.
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}
