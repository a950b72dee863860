import type { EngineContext } from "../../engine/context.ts";
import { writeScope } from "../../engine/transaction-hooks.ts";
import { checkNumber } from "../../model/options.ts";
import type { ChainStatus } from "../../model/status.ts";
import type { ChainFilter, ChainRecord } from "../../ports/state-reads.ts";
import { toChainFilter } from "../inspect/selections.ts";
import { toChainSummary } from "../inspect/summaries.ts";
import type {
  MatchingOptions,
  MatchingResult,
  OperateAction,
  OperateOptions,
} from "./operate-api.ts";
import {
  authorizeAction,
  performAction,
  subjectCountMax,
  type ActionSubject,
} from "./perform-action.ts";

/** An action that can be done to matching chains. */
export type MatchingAction = Exclude<OperateAction, "pause" | "resume">;

const maxDefault = 100;
const sampleCount = 10;
const pageSize = 200;

/** The statuses that each action applies to, and those it takes when the filter names none. */
const statusesOf: Readonly<
  Record<
    MatchingAction,
    { readonly allowed: readonly ChainStatus[]; readonly default: readonly ChainStatus[] }
  >
> = {
  cancel: { allowed: ["open"], default: ["open"] },
  redrive: { allowed: ["failed"], default: ["failed"] },
  trigger: { allowed: ["open"], default: ["open"] },
  reschedule: { allowed: ["open"], default: ["open"] },
  // Work that is not done is deleted only where that is asked for by name.
  delete: {
    allowed: ["open", "completed", "failed", "cancelled"],
    default: ["completed", "failed", "cancelled"],
  },
};

/** Does an action to matching chains, or says what it would do. `run` answers how many chains it affected. */
export async function actOnMatching<TTransaction>(
  context: EngineContext<TTransaction>,
  operations: OperateOptions,
  options: MatchingOptions<TTransaction>,
  action: MatchingAction,
  run: (chainIds: readonly string[]) => Promise<number>,
): Promise<MatchingResult> {
  const max = checkNumber(options.max ?? maxDefault, "max", {
    min: 1,
    max: subjectCountMax,
    isWhole: true,
  });
  const filter = filterFor(action, toChainFilter(options.filter));
  const scope = writeScope(context, options);
  const found = await findChains(context, filter, max + 1);
  const matched = found.slice(0, max);
  const subject: ActionSubject = {
    action,
    chainIds: matched.map(({ chainId }) => chainId),
    types: [...new Set(matched.map(({ type }) => type))],
    cascade: false,
  };
  // Anything but false is a dry run: the harmless way to read what was not meant so.
  const isDryRun = options.isDryRun !== false;
  const answer = (affectedCount: number): MatchingResult => ({
    isDryRun,
    matchedCount: matched.length,
    affectedCount,
    isTruncated: found.length > max,
    sample: matched.slice(0, sampleCount).map(toChainSummary),
  });
  if (isDryRun) {
    await authorizeAction(context, operations, scope, options.actor ?? operations.actor, subject);
    return answer(0);
  }
  return performAction(context, operations, options, subject, async () => {
    const affectedCount = await run(subject.chainIds);
    return { result: answer(affectedCount), affectedCount };
  });
}

function filterFor(action: MatchingAction, filter: ChainFilter): ChainFilter {
  const statuses =
    filter.statuses?.filter((status) => statusesOf[action].allowed.includes(status)) ??
    statusesOf[action].default;
  return { ...filter, statuses };
}

async function findChains<TTransaction>(
  context: EngineContext<TTransaction>,
  filter: ChainFilter,
  count: number,
): Promise<readonly ChainRecord[]> {
  const found: ChainRecord[] = [];
  // The action applies to none of the statuses that were asked for.
  if (filter.statuses?.length === 0) return found;
  for (;;) {
    const limit = Math.min(pageSize, count - found.length);
    const page = await context.state.listChains({
      filter,
      order: "oldest",
      after: found.at(-1)?.chainId,
      limit,
    });
    found.push(...page);
    if (page.length < limit || found.length >= count) return found;
  }
}
