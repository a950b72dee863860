import { OptionInvalidError } from "../errors/value-errors.ts";
import { formatJobId } from "../model/ids.ts";
import { checkText } from "../model/options.ts";
import { resolveSchedule, type Schedule } from "../model/schedule.ts";
import type { WakeUpTopic } from "../ports/notify-adapter.ts";
import type { ActionResult } from "../ports/state-adapter.ts";
import type { DomainEvent } from "../ports/telemetry.ts";
import type { EngineContext } from "./context.ts";
import { runTraced } from "./traced-calls.ts";
import { writeScope } from "./transaction-hooks.ts";
import type {
  CancelChainResult,
  ChainResult,
  DeleteChainResult,
  WriteOptions,
} from "./write-api.ts";

/** The longest reason that is kept with a chain, in characters. */
const reasonLengthMax = 2_000;

/** Which transaction an action writes in, and who acts. */
interface ActionOptions<TTransaction> extends WriteOptions<TTransaction> {
  /** For telemetry; `undefined` = the program itself. */
  readonly actor?: string | undefined;
}

/** Cancels open chains; wakes those who await them, and the workers that run them. */
export async function cancelChains<TTransaction>(
  context: EngineContext<TTransaction>,
  options: ActionOptions<TTransaction> & {
    readonly chainIds: readonly string[];
    readonly reason?: string | undefined;
    readonly cascade?: boolean | undefined;
  },
): Promise<CancelChainResult[]> {
  const scope = writeScope(context, options);
  const { chainIds, cascade = false } = options;
  const reason =
    options.reason === undefined
      ? undefined
      : JSON.stringify(checkText(options.reason, "reason", reasonLengthMax));
  const trace = context.telemetry?.beginCall({ name: "cancel", chainIds, actor: options.actor });
  const results = await runTraced(trace, () =>
    context.state.cancel({ tx: scope.tx, chainIds, reason, cascade }),
  );
  const cancelled = results.filter((result) => result.outcome === "cancelled");
  await scope.deliver({
    events: cancelled.map(({ chainId, chainType, chainDurationMs, job }) => ({
      name: "chain.closed",
      chainId,
      chainType,
      status: "cancelled",
      durationMs: chainDurationMs,
      jobCount: job.chainIndex + 1,
    })),
    topics: cancelled.flatMap(({ chainId, workerId }) => closingTopics(chainId, workerId)),
    trace,
  });
  return results.map((result) => {
    const { chainId, outcome } = result;
    return outcome === "hasDependants"
      ? { chainId, outcome, dependants: result.dependants }
      : { chainId, outcome };
  });
}

/** Deletes chains; wakes those who await them, and the workers that run them. */
export async function deleteChains<TTransaction>(
  context: EngineContext<TTransaction>,
  options: ActionOptions<TTransaction> & {
    readonly chainIds: readonly string[];
    readonly cascade?: boolean | undefined;
  },
): Promise<DeleteChainResult[]> {
  const scope = writeScope(context, options);
  const { chainIds, cascade = false } = options;
  const trace = context.telemetry?.beginCall({ name: "delete", chainIds, actor: options.actor });
  const results = await runTraced(trace, () =>
    context.state.deleteChains({ tx: scope.tx, chainIds, cascade }),
  );
  const deleted = results.filter((result) => result.outcome === "deleted");
  await scope.deliver({
    events: deleted.map(({ chainId, chainType }) => ({
      name: "chain.deleted",
      chainId,
      chainType,
    })),
    topics: deleted.flatMap(({ chainId, workerId }) => closingTopics(chainId, workerId)),
    trace,
  });
  return results.map((result) => {
    const { chainId, outcome } = result;
    return outcome === "referenced"
      ? { chainId, outcome, references: result.references }
      : { chainId, outcome };
  });
}

/** Opens failed chains again; wakes the workers of the jobs that may run anew. */
export async function redriveChains<TTransaction>(
  context: EngineContext<TTransaction>,
  options: ActionOptions<TTransaction> & { readonly chainIds: readonly string[] },
): Promise<ChainResult<"redriven" | "notFound" | "notFailed">[]> {
  const scope = writeScope(context, options);
  const { chainIds } = options;
  const chainTypes = await readChainTypes(context, scope.tx, chainIds);
  const trace = context.telemetry?.beginCall({ name: "redrive", chainIds, actor: options.actor });
  const results = await runTraced(trace, () => context.state.redrive({ tx: scope.tx, chainIds }));
  const redriven = results.filter((result) => result.outcome === "redriven");
  await scope.deliver({
    events: redriven.map(({ chainId, job }) => ({
      name: "chain.redriven",
      chainId,
      chainType: chainTypes.get(chainId) ?? job?.type ?? "",
    })),
    topics: runnableTopics(redriven),
    trace,
  });
  return results.map(toOutcome);
}

/** Makes the scheduled job of each chain ready; wakes its workers. */
export async function triggerChains<TTransaction>(
  context: EngineContext<TTransaction>,
  options: ActionOptions<TTransaction> & { readonly chainIds: readonly string[] },
): Promise<ChainResult<"triggered" | "notFound" | "notTriggerable">[]> {
  const scope = writeScope(context, options);
  const { chainIds } = options;
  const trace = context.telemetry?.beginCall({ name: "trigger", chainIds, actor: options.actor });
  const results = await runTraced(trace, () => context.state.trigger({ tx: scope.tx, chainIds }));
  const changed = results.filter((result) => result.outcome === "triggered");
  await scope.deliver({
    events: jobEvents("job.triggered", changed),
    topics: runnableTopics(changed),
    trace,
  });
  return results.map(toOutcome);
}

/**
 * Moves the open job of each chain to another time; wakes its workers, since it may be due sooner than they know.
 * Throws `OptionInvalidError` unless there is exactly one valid time.
 */
export async function rescheduleChains<TTransaction>(
  context: EngineContext<TTransaction>,
  options: ActionOptions<TTransaction> & {
    readonly chainIds: readonly string[];
    readonly scheduledAt?: Date | undefined;
    readonly delayMs?: number | undefined;
  },
): Promise<ChainResult<"rescheduled" | "notFound" | "notReschedulable">[]> {
  const scope = writeScope(context, options);
  const schedule = requireSchedule(options);
  const { chainIds } = options;
  const trace = context.telemetry?.beginCall({
    name: "reschedule",
    chainIds,
    actor: options.actor,
  });
  const results = await runTraced(trace, () =>
    context.state.reschedule({ tx: scope.tx, chainIds, schedule }),
  );
  const changed = results.filter((result) => result.outcome === "rescheduled");
  await scope.deliver({
    events: jobEvents("job.rescheduled", changed),
    topics: runnableTopics(changed),
    trace,
  });
  return results.map(toOutcome);
}

/** Pauses or resumes job types; wakes the workers of those that may be claimed again. */
export async function setTypesPaused<TTransaction>(
  context: EngineContext<TTransaction>,
  options: ActionOptions<TTransaction> & {
    readonly types: readonly string[];
    readonly isPaused: boolean;
  },
): Promise<void> {
  const scope = writeScope(context, options);
  const { types, isPaused } = options;
  const trace = context.telemetry?.beginCall({
    name: isPaused ? "pause" : "resume",
    types,
    actor: options.actor,
  });
  await runTraced(trace, () => context.state.setTypesPaused({ tx: scope.tx, types, isPaused }));
  await scope.deliver({
    events: types.map((type) => ({ name: isPaused ? "type.paused" : "type.resumed", type })),
    topics: isPaused ? [] : types.map((type) => ({ kind: "type", type })),
    trace,
  });
}

/** The time that is asked for; neither is as wrong as both. */
export function requireSchedule(options: {
  readonly scheduledAt?: Date | undefined;
  readonly delayMs?: number | undefined;
}): Schedule {
  const schedule = resolveSchedule(options);
  if (schedule === undefined)
    throw new OptionInvalidError("Neither scheduledAt nor delayMs is given. Give one of them.", {
      option: "scheduledAt",
    });
  return schedule;
}

/**
 * The types that chains began with, for the events alone. Read before the write: a chain keeps its type, and a read that fails afterwards
 * would hide that the write took effect.
 */
async function readChainTypes<TTransaction>(
  context: EngineContext<TTransaction>,
  tx: TTransaction | undefined,
  chainIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (!context.events.hasSubscribers) return new Map();
  const chains = await context.state.getChains({ tx, chainIds });
  return new Map(
    chains.flatMap((chain) => (chain === undefined ? [] : [[chain.chainId, chain.type]])),
  );
}

function closingTopics(chainId: string, workerId: string | undefined): readonly WakeUpTopic[] {
  const chain: WakeUpTopic = { kind: "chain", chainId };
  return workerId === undefined ? [chain] : [chain, { kind: "worker", workerId }];
}

/** The types of jobs that may run, or are due sooner. A blocked one waits for something else. */
function runnableTopics(results: readonly ActionResult<string>[]): readonly WakeUpTopic[] {
  return results.flatMap(({ job }) =>
    job?.status === "ready" || job?.status === "scheduled"
      ? [{ kind: "type", type: job.type }]
      : [],
  );
}

function jobEvents(
  name: "job.triggered" | "job.rescheduled",
  results: readonly ActionResult<string>[],
): readonly DomainEvent[] {
  return results.flatMap(({ chainId, job }) =>
    job === undefined ? [] : [{ name, jobId: formatJobId(job), chainId, type: job.type }],
  );
}

function toOutcome<TOutcome extends string>({
  chainId,
  outcome,
}: ActionResult<TOutcome>): ChainResult<TOutcome> {
  return { chainId, outcome };
}
