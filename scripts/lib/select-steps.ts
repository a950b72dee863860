import type { Step } from "./steps.ts";

/** The named steps and all they need, in the list's order; every step when none is named. */
export function selectSteps(steps: readonly Step[], names: readonly string[]): readonly Step[] {
  if (names.length === 0) return steps;
  const selected = new Set<Step>();
  const select = (name: string): void => {
    const step = steps.find((candidate) => candidate.name === name);
    if (step === undefined) {
      const known = steps.map((candidate) => candidate.name).join(", ");
      console.error(`There is no step "${name}". Steps: ${known}`);
      process.exit(1);
    }
    selected.add(step);
    for (const needed of step.needs ?? []) select(needed);
  };
  for (const name of names) select(name);
  return steps.filter((step) => selected.has(step));
}
