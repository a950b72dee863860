import type { StateAdapter } from "queuert/adapter";

import { firstDifference } from "../expect.ts";
import type { ConformanceFixture, ConformanceStore } from "../fixture.ts";
import { createCaseClock } from "../support/case-clock.ts";
import { createSeededRandom } from "../support/random.ts";
import { takeSnapshot } from "./canonical.ts";
import { createWorld, nextStep, type Step } from "./steps.ts";

/** Which adapters to compare, and how far. */
export interface RunDifferentialOptions {
  /** The adapter that is right by definition: the memory adapter. */
  readonly reference: ConformanceFixture;
  readonly subject: ConformanceFixture;
  /** Decides every step. The same seed gives the same steps as long as the answers are the same. */
  readonly seed: number;
  readonly stepCount: number;
  /** Compares all that the stores show after so many steps. Default 10. */
  readonly stepsPerSnapshot?: number | undefined;
}

/** What a differential run came to. */
export interface DifferentialReport {
  readonly seed: number;
  /** Steps that were taken: all of them, or up to the first difference. */
  readonly stepCount: number;
  readonly isEqual: boolean;
  /** Where the two first differed. */
  readonly difference?:
    | { readonly step: number; readonly action: string; readonly message: string }
    | undefined;
  /** What was done, step by step. */
  readonly actions: readonly string[];
}

/** Takes the same random steps on two adapters, and compares every answer, and at times all that is stored. Ends at the first difference. */
export async function runDifferential(
  options: RunDifferentialOptions,
): Promise<DifferentialReport> {
  const clock = createCaseClock();
  const stores = [
    await options.reference.createStore(),
    await options.subject.createStore(),
  ] as const;
  const opened: StateAdapter[] = [];
  try {
    for (const store of stores) {
      opened.push(await openState(store, clock.now));
    }
    return await compare(
      opened[0]!,
      opened[1]!,
      options,
      createWorld(clock, createSeededRandom(options.seed)),
    );
  } finally {
    await Promise.all(opened.map(async (state) => state.close()));
    await Promise.all(stores.map(async (store) => store.dispose()));
  }
}

async function openState(store: ConformanceStore, clock: () => number): Promise<StateAdapter> {
  const state: StateAdapter = await store.openState!({ clock });
  await state.migrate();
  return state;
}

async function compare(
  reference: StateAdapter,
  subject: StateAdapter,
  options: RunDifferentialOptions,
  world: ReturnType<typeof createWorld>,
): Promise<DifferentialReport> {
  const { seed, stepCount, stepsPerSnapshot = 10 } = options;
  const actions: string[] = [];
  for (let step = 1; step <= stepCount; step++) {
    const taken = nextStep(world);
    actions.push(taken.action);
    const [expected, actual] = [await answerOf(taken, reference), await answerOf(taken, subject)];
    let message = firstDifference(actual, expected, "answer", true);
    if (message === undefined && (step % stepsPerSnapshot === 0 || step === stepCount)) {
      message = firstDifference(
        await takeSnapshot(subject),
        await takeSnapshot(reference),
        "snapshot",
        true,
      );
    }
    if (message !== undefined)
      return {
        seed,
        stepCount: step,
        isEqual: false,
        difference: { step, action: taken.action, message },
        actions,
      };
    if ("answer" in expected) taken.learn?.(expected.answer);
  }
  return { seed, stepCount, isEqual: true, actions };
}

/** An answer, or the code of an error: messages are each adapter's own. */
async function answerOf(
  step: Step,
  state: StateAdapter,
): Promise<{ readonly answer: unknown } | { readonly error: string }> {
  try {
    return { answer: await step.run(state) };
  } catch (error) {
    const code = (error as { readonly code?: unknown } | null)?.code;
    if (typeof code !== "string") throw error;
    return { error: code };
  }
}
