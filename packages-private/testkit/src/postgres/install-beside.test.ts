import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import { installBeside } from "./install-beside.ts";

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "queuert-testkit-"));
});
afterEach(async () => rm(parent, { recursive: true }));

function installText(text: string): (stage: string) => Promise<void> {
  return async (stage) => writeFile(join(stage, "file"), text);
}

it("keeps what the first of two at once has installed, whole", async () => {
  const home = join(parent, "home");
  let goOn!: () => void;
  const isFirstDone = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const second = installBeside(home, async (stage) => {
    await isFirstDone;
    await installText("second")(stage);
  });
  await installBeside(home, installText("first"));
  goOn();
  await second;
  await installBeside(home, installText("third"));
  expect(await readFile(join(home, "file"), "utf8")).toBe("first");
  expect(await readdir(parent)).toEqual(["home"]);
});

it("leaves nothing of an installation that fails", async () => {
  const failure = new Error("no network");
  const failing = installBeside(join(parent, "home"), async (stage) => {
    await installText("half")(stage);
    throw failure;
  });
  await expect(failing).rejects.toBe(failure);
  expect(await readdir(parent)).toEqual([]);
});
