import type { EmittedEvent } from "../../ports/telemetry.ts";

/** What a person needs to follow a story. */
export function describeEvent(event: EmittedEvent): string {
  const fields: Readonly<Record<string, unknown>> = { ...event };
  const told = ["type", "chainType", "jobId", "chainId", "attempt", "outcome", "status", "reason"]
    .filter((name) => fields[name] !== undefined)
    .filter((name) => name !== "chainId" || fields["jobId"] === undefined)
    .filter((name) => name !== "chainType" || fields["type"] === undefined)
    .map((name) => String(fields[name]));
  const { error } = fields;
  return [event.name, ...told, ...(error instanceof Error ? [`(${error.message})`] : [])].join(" ");
}
