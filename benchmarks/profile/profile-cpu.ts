import { Session, type Profiler } from "node:inspector/promises";

/** Where CPU went, a function at a time. */
export interface FunctionCost {
  /** Its name and where it stands. */
  readonly name: string;
  /** Spent in it, not in what it calls. */
  readonly selfMicroseconds: number;
}

/** Runs something under the profiler; resolves with the whole profile, as Chrome's developer tools read it. */
export async function profileCpu(run: () => Promise<void>): Promise<Profiler.Profile> {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: 200 });
    await session.post("Profiler.start");
    await run();
    return (await session.post("Profiler.stop")).profile;
  } finally {
    session.disconnect();
  }
}

/** The functions of a profile, the costliest first. */
export function listFunctionCosts({
  nodes,
  samples = [],
  timeDeltas = [],
}: Profiler.Profile): FunctionCost[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, describeFrame(callFrame)]));
  const costs = new Map<string, number>();
  for (const [index, sample] of samples.entries()) {
    const name = names.get(sample) ?? "?";
    // A delta stands before its sample: what a function has spent is told by the next one.
    costs.set(name, (costs.get(name) ?? 0) + (timeDeltas[index + 1] ?? 0));
  }
  return [...costs]
    .map(([name, selfMicroseconds]) => ({ name, selfMicroseconds }))
    .toSorted((left, right) => right.selfMicroseconds - left.selfMicroseconds);
}

function describeFrame({
  functionName,
  url,
  lineNumber,
}: Profiler.ProfileNode["callFrame"]): string {
  const file = url.split("/").slice(-3).join("/");
  return `${functionName || "(anonymous)"}${file === "" ? "" : ` ${file}:${lineNumber + 1}`}`;
}
