import { parseArgs } from "node:util";

import { runDifferential, type ConformanceFixture } from "@queuert/conformance";
import { memoryFixture, postgresFixture, sqliteFixtures } from "@queuert/testkit";
import { openMainServerDoor } from "@queuert/testkit/postgres";

// `npm run chaos differential -- --seeds 100 [--from 1] [--steps 2000] [--adapter postgres]`: the same random steps on the memory adapter and on a
// database, answer by answer, and all that is stored every ten steps.

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    from: { type: "string", default: "1" },
    steps: { type: "string", default: "2000" },
    adapter: { type: "string" },
  },
});

const subjects: readonly (readonly [adapter: string, ConformanceFixture | undefined])[] = [
  ["postgres", postgresFixture],
  ["sqlite", sqliteFixtures[0]],
];
const [from, seedCount, stepCount] = [values.from, values.seeds, values.steps].map(Number) as [
  number,
  number,
  number,
];
const door = await openMainServerDoor();
try {
  for (const [adapter, subject] of subjects) {
    const isChosen = values.adapter === undefined || values.adapter === adapter;
    if (isChosen && subject !== undefined) await compareWithMemory(subject);
  }
} finally {
  await door.dispose();
}

async function compareWithMemory(subject: ConformanceFixture): Promise<void> {
  let stepsTaken = 0;
  for (let seed = from; seed < from + seedCount; seed++) {
    const report = await runDifferential({ reference: memoryFixture, subject, seed, stepCount });
    stepsTaken += report.stepCount;
    if (report.difference === undefined) continue;
    const { step, action, message } = report.difference;
    print(`${subject.name}, seed ${seed}: differs at step ${step}, "${action}"\n  ${message}`);
    process.exitCode = 1;
  }
  print(`${subject.name}: ${seedCount} seeds, ${stepsTaken} steps`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
