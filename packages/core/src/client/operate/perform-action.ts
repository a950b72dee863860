import { OperationRefusedError } from "../../errors/machine-errors.ts";
import { OptionInvalidError } from "../../errors/value-errors.ts";
import type { EngineContext } from "../../engine/context.ts";
import { writeScope, type WriteScope } from "../../engine/transaction-hooks.ts";
import type {
  ActionOptions,
  AuthorizeRequest,
  OperateAction,
  OperateOptions,
} from "./operate-api.ts";

/** The most chains or types that one call takes. */
export const subjectCountMax = 1_000;

/** What an action is about to be done to. */
export interface ActionSubject {
  readonly action: OperateAction;
  readonly chainIds: readonly string[];
  /** The types to pause or resume; `undefined` = those of the chains, read when somebody asks. */
  readonly types: readonly string[] | undefined;
  readonly cascade: boolean;
}

/**
 * Asks for permission, acts, and tells of it after the commit. `run` resolves with what it did and how many it affected; it is not called
 * when `isDryRun`, and then nothing is told. Throws `OperationRefusedError`, `OptionInvalidError`.
 */
export async function performAction<TTransaction, TResult>(
  context: EngineContext<TTransaction>,
  operations: OperateOptions,
  options: ActionOptions<TTransaction>,
  subject: ActionSubject,
  run: () => Promise<{ readonly result: TResult; readonly affectedCount: number }>,
): Promise<TResult> {
  const scope = writeScope(context, options);
  const actor = options.actor ?? operations.actor;
  await authorizeAction(context, operations, scope, actor, subject);
  const { result, affectedCount } = await run();
  const { action, chainIds, types = [] } = subject;
  const event = {
    name: "operate.action",
    action,
    actor,
    reason: options.reason,
    chainIds,
    types,
    affectedCount,
  } as const;
  await scope.deliver({ events: [event], topics: [] });
  return result;
}

/** Throws `OperationRefusedError` when `authorize` says no, and `OptionInvalidError` for too many subjects. */
export async function authorizeAction<TTransaction>(
  context: EngineContext<TTransaction>,
  operations: OperateOptions,
  scope: WriteScope<TTransaction>,
  actor: string | undefined,
  subject: ActionSubject,
): Promise<void> {
  const { action, chainIds, cascade } = subject;
  checkCount(chainIds, "chainIds");
  checkCount(subject.types ?? [], "types");
  if (operations.authorize === undefined) return;
  const types = subject.types ?? (await readTypes(context, scope, chainIds));
  const request: AuthorizeRequest = { action, actor, chainIds, types, cascade };
  // Anything but true is a no: a caller without the compiler may give back nothing.
  const answer: unknown = await operations.authorize(request);
  if (answer !== true) {
    throw new OperationRefusedError({
      action,
      reason: actor === undefined ? "nobody is named who may do it" : `"${actor}" may not do it`,
    });
  }
}

function checkCount(subjects: readonly string[], option: string): void {
  if (Array.isArray(subjects) && subjects.length <= subjectCountMax) return;
  throw new OptionInvalidError(
    `${option} is no list of at most ${subjectCountMax}. Call several times for more.`,
    { option },
  );
}

async function readTypes<TTransaction>(
  context: EngineContext<TTransaction>,
  scope: WriteScope<TTransaction>,
  chainIds: readonly string[],
): Promise<readonly string[]> {
  const chains = await context.state.getChains({ tx: scope.tx, chainIds });
  return [...new Set(chains.flatMap((chain) => (chain === undefined ? [] : [chain.type])))];
}
