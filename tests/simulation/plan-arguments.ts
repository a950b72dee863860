import { simulatedFaults, type SimulatedFault, type SimulationPlan } from "queuert/testing";
import { firstSteps, stepCountDefault } from "./run-simulation.ts";

/** A plan as options of the command line, for `parseArgs`. */
export const planOptions = {
  seed: { type: "string" },
  steps: { type: "string" },
  only: { type: "string" },
  without: { type: "string" },
  "crash-after-event": { type: "string" },
} as const;

/** The plan of these options; those that are left out are the usual ones. */
export function parsePlan(values: {
  readonly [TName in keyof typeof planOptions]?: string | undefined;
}): SimulationPlan {
  const { seed = "1", steps = String(stepCountDefault), only, without } = values;
  const crashAfterEvent = values["crash-after-event"];
  return {
    seed: parseNumber(seed),
    steps: only === undefined ? firstSteps(parseNumber(steps)) : splitList(only).map(parseNumber),
    without: without === undefined ? [] : splitList(without).map(parseFault),
    ...(crashAfterEvent === undefined ? {} : { crashAfterEvent: parseNumber(crashAfterEvent) }),
  };
}

/** The command that repeats a run. */
export function formatReplay({ seed, steps, without, crashAfterEvent }: SimulationPlan): string {
  const parts = [
    `--seed ${seed}`,
    formatSteps(steps),
    without.length === 0 ? "" : `--without ${without.join(",")}`,
    crashAfterEvent === undefined ? "" : `--crash-after-event ${crashAfterEvent}`,
  ];
  return `npm run simulate -- ${parts.filter((part) => part !== "").join(" ")}`;
}

function formatSteps(steps: readonly number[]): string {
  if (steps.some((step, index) => step !== index)) return `--only ${steps.join(",")}`;
  return steps.length === stepCountDefault ? "" : `--steps ${steps.length}`;
}

function splitList(text: string): readonly string[] {
  return text === "" ? [] : text.split(",");
}

function parseNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0)
    throw new TypeError(`"${text}" is no whole number from 0 on.`);
  return number;
}

function parseFault(name: string): SimulatedFault {
  const fault = simulatedFaults.find((candidate) => candidate === name);
  if (fault === undefined)
    throw new TypeError(`There is no fault "${name}". There are: ${simulatedFaults.join(", ")}.`);
  return fault;
}
