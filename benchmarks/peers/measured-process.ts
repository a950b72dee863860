// The process of one system in one measurement: it gets a task from the one that measures, and knows no other system.
import { setTimeout } from "node:timers/promises";

import { createLedger, monotonicMs } from "./ledger.ts";
import type { Command, PaceResult, Reply, StartResult, Task, WorkResult } from "./messages.ts";
import { createInput, runsPerStart, type JobInput, type Producer, type System } from "./system.ts";
import { loadSystem } from "./systems.ts";
import { createUsageMeter } from "./usage.ts";

type TaskOf<TRole extends Task["role"]> = Extract<Task, { readonly role: TRole }>;

/** How long jobs that have run may take until they are completed. */
const settlingMs = 20_000;

const meter = createUsageMeter();
const listeners = new Map<Command["command"], (command: Command) => void>();
process.on("message", (command: Command) => listeners.get(command.command)?.(command));

const nextCommand = async <TName extends Command["command"]>(
  name: TName,
): Promise<Extract<Command, { readonly command: TName }>> =>
  new Promise((resolve) => {
    listeners.set(name, (command) =>
      resolve(command as Extract<Command, { readonly command: TName }>),
    );
  });

// Whatever a system leaves running ends with this process: when it has told, or when nobody listens any more.
process.on("disconnect", () => process.exit());
await tell(await performTask());
process.disconnect?.();

async function performTask(): Promise<Reply> {
  try {
    const { task } = await nextCommand("begin");
    return { reply: "done", value: await perform(task, await loadSystem(task.system, task.place)) };
  } catch (error) {
    return { reply: "failed", error: error instanceof Error ? String(error.stack) : String(error) };
  }
}

async function tell(reply: Reply): Promise<void> {
  await new Promise<void>((resolve) => {
    process.send?.(reply, undefined, undefined, () => resolve());
  });
}

async function perform(task: Task, system: System): Promise<unknown> {
  switch (task.role) {
    case "install":
      return system.install();
    case "remove":
      return system.remove();
    case "fill":
      return withProducer(system, async (producer) => fill(producer, task));
    case "start":
      return withProducer(system, async (producer) => start(producer, task));
    case "pace":
      return withProducer(system, async (producer) => pace(producer, task));
    case "work":
      return work(system, task);
  }
}

async function withProducer<TResult>(
  system: System,
  use: (producer: Producer) => Promise<TResult>,
): Promise<TResult> {
  const producer = await system.openProducer();
  const result = await use(producer);
  await producer.close();
  return result;
}

function createInputs(from: number, to: number): JobInput[] {
  return Array.from({ length: to - from }, (_, offset) => createInput(from + offset));
}

async function fill(
  producer: Producer,
  { kind, count, deadlineMs }: TaskOf<"fill">,
): Promise<number> {
  const endsAtMs = monotonicMs() + deadlineMs;
  const batchSize = kind === "fan" ? Math.floor(1_000 / runsPerStart.fan) : 1_000;
  let filledCount = 0;
  while (filledCount < count && monotonicMs() < endsAtMs) {
    const to = Math.min(count, filledCount + batchSize);
    await producer.startMany(kind, createInputs(filledCount, to));
    filledCount = to;
  }
  return filledCount;
}

async function start(
  producer: Producer,
  { count, concurrency, batchSize, deadlineMs }: TaskOf<"start">,
): Promise<StartResult> {
  const before = meter.read();
  const endsAtMs = before.atMs + deadlineMs;
  let nextIndex = 0;
  const lane = async (): Promise<void> => {
    while (nextIndex < count && monotonicMs() < endsAtMs) {
      const from = nextIndex;
      nextIndex = Math.min(count, from + batchSize);
      if (batchSize === 1) await producer.startOne(createInput(from));
      else await producer.startMany("plain", createInputs(from, nextIndex));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  const after = meter.read();
  return {
    count: nextIndex,
    elapsedMs: after.atMs - before.atMs,
    usage: {
      ...after,
      statements: after.statements - before.statements,
      cpuMicroseconds: after.cpuMicroseconds - before.cpuMicroseconds,
    },
    openCount: await producer.countOpen(),
  };
}

async function pace(
  producer: Producer,
  { count, intervalMs }: TaskOf<"pace">,
): Promise<PaceResult> {
  const calledAtMs: number[] = [];
  const startedAtMs: number[] = [];
  for (let index = 0; index < count; index++) {
    await setTimeout(intervalMs);
    calledAtMs.push(monotonicMs());
    await producer.startOne(createInput(index));
    startedAtMs.push(monotonicMs());
  }
  return { calledAtMs, startedAtMs };
}

async function work(system: System, task: TaskOf<"work">): Promise<WorkResult> {
  const { kind, startCount, concurrency, isTimed, progressMs } = task;
  const ledger = createLedger(kind, startCount, isTimed);
  const producer = await system.openProducer();
  await producer.countOpen();
  const [gone, finishing] = [nextCommand("go"), nextCommand("finish")];
  listeners.set("sample", () => void tell({ reply: "usage", usage: meter.read() }));
  void tell({ reply: "ready" });
  await gone;
  const before = meter.read();
  void tell({ reply: "began", atMs: before.atMs });
  const progress = setInterval(() => {
    if (process.connected) void tell({ reply: "progress", handledCount: ledger.handledCount });
  }, progressMs);
  const worker = await system.startWorker({ kind, concurrency, onRun: (run) => ledger.note(run) });
  void tell({ reply: "started" });
  const { isCut } = await finishing;
  clearInterval(progress);
  const openCount = isCut ? 0 : await untilSettled(producer);
  const after = meter.read();
  const record = ledger.record();
  await worker.stop();
  await producer.close();
  return {
    record,
    endedAtMs: after.atMs,
    usage: {
      ...after,
      statements: after.statements - before.statements,
      cpuMicroseconds: after.cpuMicroseconds - before.cpuMicroseconds,
    },
    openCount,
  };
}

/** What has run is not done before its completion is durable: by the system's own records, the same question for all. */
async function untilSettled(producer: Producer): Promise<number> {
  const endsAtMs = monotonicMs() + settlingMs;
  for (;;) {
    const openCount = await producer.countOpen();
    if (openCount === 0 || monotonicMs() > endsAtMs) return openCount;
    await setTimeout(1);
  }
}
