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
  const onChains = <TResult extends { readonly outcome: string }>(
    action: OperateAction,
    options: ActionOptions<TTransaction> & {
      readonly chainIds: readonly string[];
      readonly cascade?: boolean;
    },
    run: () => Promise<TResult[]>,
  ): Promise<TResult[]> => {
    const { chainIds, cascade = false } = options;
    return performAction(
      context,
      operations,
      options,
      { action, chainIds, types: undefined, cascade },
      async () => {
        const result = await run();
        return { result, affectedCount: countChanged(result) };
      },
    );
  };

  const onMatching = (
    action: MatchingAction,
    options: MatchingOptions<TTransaction>,
    run: (chainIds: readonly string[]) => Promise<readonly { readonly outcome: string }[]>,
  ): Promise<MatchingResult> =>
    actOnMatching(context, operations, options, action, async (chainIds) =>
      countChanged(await run(chainIds)),
    );

  const onTypes = (
    options: ActionOptions<TTransaction> & { readonly types: readonly string[] },
    isPaused: boolean,
  ): Promise<void> => {
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
    cancel: async (options) => onChains("cancel", options, () => cancelChains(context, options)),
    redrive: async (options) => onChains("redrive", options, () => redriveChains(context, options)),
    trigger: async (options) => onChains("trigger", options, () => triggerChains(context, options)),
    reschedule: async (options) =>
      onChains("reschedule", options, () => rescheduleChains(context, options)),
    deleteChains: async (options) =>
      onChains("delete", options, () => deleteChains(context, options)),

    pauseTypes: async (options) => onTypes(options, true),
    resumeTypes: async (options) => onTypes(options, false),

    cancelMatching: async (options) =>
      onMatching("cancel", options, (chainIds) => cancelChains(context, { ...options, chainIds })),
    redriveMatching: async (options) =>
      onMatching("redrive", options, (chainIds) =>
        redriveChains(context, { ...options, chainIds }),
      ),
    triggerMatching: async (options) =>
      onMatching("trigger", options, (chainIds) =>
        triggerChains(context, { ...options, chainIds }),
      ),
    rescheduleMatching: async (options) => {
      // A dry run refuses what the real one would.
      requireSchedule(options);
      return onMatching("reschedule", options, (chainIds) =>
        rescheduleChains(context, { ...options, chainIds }),
      );
    },
    deleteMatching: async (options) =>
      onMatching("delete", options, (chainIds) => deleteChains(context, { ...options, chainIds })),
  };
}

function countChanged(results: readonly { readonly outcome: string }[]): number {
  return results.filter(({ outcome }) => changedOutcomes.has(outcome)).length;
}
