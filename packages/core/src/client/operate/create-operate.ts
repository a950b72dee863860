import {
  cancelChains,
  deleteChains,
  redriveChains,
  requireSchedule,
  rescheduleChains,
  setTypesPaused,
  triggerChains,
} from "../../engine/actions.ts";
import type { EngineContext } from "../../engine/context.ts";
import { actOnMatching, type MatchingAction } from "./act-on-matching.ts";
import type {
  ActionOptions,
  MatchingOptions,
  MatchingResult,
  Operate,
  OperateAction,
  OperateOptions,
} from "./operate-api.ts";
import { performAction } from "./perform-action.ts";

/** What an action answers for a chain that it changed. */
const changedOutcomes: ReadonlySet<string> = new Set([
  "cancelled",
  "redriven",
  "triggered",
  "rescheduled",
  "deleted",
]);

/** Makes the actions for people and tools: the engine's, each asked for and told. */
export function createOperate<TTransaction>(
  context: EngineContext<TTransaction>,
  operations: OperateOptions,
): Operate<TTransaction> {
  /** The options, with whoever acts where the call does not say. */
  const withActor = <TOptions extends ActionOptions<TTransaction>>(given: TOptions): TOptions => ({
    ...given,
    actor: given.actor ?? operations.actor,
  });

  const onChains = <
    TOptions extends ActionOptions<TTransaction> & {
      readonly chainIds: readonly string[];
      readonly cascade?: boolean;
    },
    TResult extends { readonly outcome: string },
  >(
    action: OperateAction,
    given: TOptions,
    run: (options: TOptions) => Promise<TResult[]>,
  ): Promise<TResult[]> => {
    const options = withActor(given);
    const { chainIds, cascade = false } = options;
    return performAction(
      context,
      operations,
      options,
      { action, chainIds, types: undefined, cascade },
      async () => {
        const result = await run(options);
        return { result, affectedCount: countChanged(result) };
      },
    );
  };

  const onMatching = <TOptions extends MatchingOptions<TTransaction>>(
    action: MatchingAction,
    given: TOptions,
    run: (
      options: TOptions & { readonly chainIds: readonly string[] },
    ) => Promise<readonly { readonly outcome: string }[]>,
  ): Promise<MatchingResult> => {
    const options = withActor(given);
    return actOnMatching(context, operations, options, action, async (chainIds) =>
      countChanged(await run({ ...options, chainIds })),
    );
  };

  const onTypes = (
    given: ActionOptions<TTransaction> & { readonly types: readonly string[] },
    isPaused: boolean,
  ): Promise<void> => {
    const options = withActor(given);
    const { types } = options;
    const subject = {
      action: isPaused ? "pause" : "resume",
      chainIds: [],
      types,
      cascade: false,
    } as const;
    return performAction(context, operations, options, subject, async () => {
      await setTypesPaused(context, { ...options, isPaused });
      return { result: undefined, affectedCount: types.length };
    });
  };

  return {
    cancel: async (given) => onChains("cancel", given, (options) => cancelChains(context, options)),
    redrive: async (given) =>
      onChains("redrive", given, (options) => redriveChains(context, options)),
    trigger: async (given) =>
      onChains("trigger", given, (options) => triggerChains(context, options)),
    reschedule: async (given) =>
      onChains("reschedule", given, (options) => rescheduleChains(context, options)),
    deleteChains: async (given) =>
      onChains("delete", given, (options) => deleteChains(context, options)),

    pauseTypes: async (options) => onTypes(options, true),
    resumeTypes: async (options) => onTypes(options, false),

    cancelMatching: async (given) =>
      onMatching("cancel", given, (options) => cancelChains(context, options)),
    redriveMatching: async (given) =>
      onMatching("redrive", given, (options) => redriveChains(context, options)),
    triggerMatching: async (given) =>
      onMatching("trigger", given, (options) => triggerChains(context, options)),
    rescheduleMatching: async (given) => {
      // A dry run refuses what the real one would.
      requireSchedule(given);
      return onMatching("reschedule", given, (options) => rescheduleChains(context, options));
    },
    deleteMatching: async (given) =>
      onMatching("delete", given, (options) => deleteChains(context, options)),
  };
}

function countChanged(results: readonly { readonly outcome: string }[]): number {
  return results.filter(({ outcome }) => changedOutcomes.has(outcome)).length;
}
