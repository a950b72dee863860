import { arch, cpus, platform, totalmem } from "node:os";

/** The machine and the Node of this run, in one line for the report. */
export function describeMachine(): string {
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpus()[0]?.model.trim() ?? "?"}, ${gibibytes} GiB, ${platform()} ${arch()}, Node ${process.version}`;
}

/** The day of this run, as it stands in the report. */
export function describeDay(): string {
  return new Date().toISOString().slice(0, 10);
}
