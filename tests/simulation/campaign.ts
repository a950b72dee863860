import { fork, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { addResults, emptyResult, type RangeResult, type SeedRange } from "./seed-range.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const rangeSize = 50;

/** Many seeds, in several processes. */
export interface Campaign {
  readonly from: number;
  readonly count: number;
  readonly steps: readonly number[];
  readonly processCount: number;
  /** Forgets what an interrupted run of the same campaign has done. */
  readonly isFresh: boolean;
  /** Told after each range: what it came to, and how many seeds are done. First of those that were done before. */
  readonly onRange: (result: RangeResult, doneCount: number) => void;
}

/**
 * Runs the seeds in ranges and adds up what they came to. Each range that is done is written down: the same campaign on the same sources goes
 * on where it was interrupted.
 */
export async function runCampaign(campaign: Campaign): Promise<RangeResult> {
  const record = openRecord(campaign);
  for (const result of record.results()) campaign.onRange(result, record.doneCount());
  const ranges = splitSeeds(campaign).filter((range) => !record.has(range.from));
  const runNext = async (child: ChildProcess): Promise<void> => {
    for (let range = ranges.shift(); range !== undefined; range = ranges.shift()) {
      const result = await runIn(child, range);
      record.add(result);
      campaign.onRange(result, record.doneCount());
    }
  };
  const children = Array.from(
    { length: Math.min(campaign.processCount, ranges.length) },
    startProcess,
  );
  try {
    await Promise.all(children.map(runNext));
  } finally {
    for (const child of children) child.kill();
  }
  return record.results().reduce(addResults, emptyResult(campaign.from, 0));
}

function splitSeeds({ from, count, steps }: Campaign): SeedRange[] {
  return Array.from({ length: Math.ceil(count / rangeSize) }, (_, index) => {
    const start = from + index * rangeSize;
    return { from: start, count: Math.min(rangeSize, from + count - start), steps };
  });
}

function startProcess(): ChildProcess {
  return fork(join(root, "tests/simulation/range-process.ts"), {
    execArgv: ["--conditions=queuert-source"],
  });
}

function runIn(child: ChildProcess, range: SeedRange): Promise<RangeResult> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void =>
      reject(new Error(`The process of the seeds from ${range.from} on ended with ${code}.`));
    child.once("exit", onExit);
    child.once("message", (result) => {
      child.off("exit", onExit);
      resolve(result as RangeResult);
    });
    child.send(range);
  });
}

interface CampaignRecord {
  has(from: number): boolean;
  add(result: RangeResult): void;
  results(): readonly RangeResult[];
  doneCount(): number;
}

/** A line for each range that is done. */
function openRecord({ from, count, steps, isFresh }: Campaign): CampaignRecord {
  const name = `${from}-${count}-${steps.length}-${hashSources()}.jsonl`;
  const path = join(root, ".cache/simulation", name);
  mkdirSync(dirname(path), { recursive: true });
  if (isFresh) rmSync(path, { force: true });
  const done: RangeResult[] = existsSync(path) ? readLines(path) : [];
  writeFileSync(path, done.map(formatLine).join(""));
  return {
    has: (start) => done.some((result) => result.from === start),
    add: (result) => {
      done.push(result);
      appendFileSync(path, formatLine(result));
    },
    results: () => done.toSorted((left, right) => left.from - right.from),
    doneCount: () => done.reduce((sum, result) => sum + result.count, 0),
  };
}

/** A line that was cut off as its process was killed counts for nothing. */
function readLines(path: string): RangeResult[] {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as RangeResult);
}

function formatLine(result: RangeResult): string {
  return `${JSON.stringify(result)}\n`;
}

/** What was found with other sources says nothing about these. */
function hashSources(): string {
  const hash = createHash("sha256");
  const paths = globSync(["packages/core/src/**/*.ts", "tests/simulation/*.ts"], {
    cwd: root,
    exclude: ["**/*.test.ts"],
  });
  for (const path of paths.toSorted()) hash.update(readFileSync(join(root, path)));
  return hash.digest("hex").slice(0, 12);
}
