import type {
  ChainRecord,
  JobKey,
  JobRecord,
  NewChain,
  NewJob,
  Outcome,
  StartResult,
  StateAdapter,
} from "queuert/adapter";

import { ConformanceFailure } from "../expect.ts";
import type { StateContext } from "../state-context.ts";

/** A job with defaults: type "work", no input, priority 5, at once, waiting for nothing. */
export function newJob(fields: Partial<NewJob> = {}): NewJob {
  return {
    type: "work",
    input: undefined,
    priority: 5,
    schedule: undefined,
    blockers: [],
    traceContext: undefined,
    ...fields,
  };
}

/** A chain with defaults and an id of its own. */
export function newChain(context: StateContext, fields: Partial<NewChain> = {}): NewChain {
  return {
    ...newJob(),
    chainId: context.newChainId(),
    deduplication: undefined,
    labels: {},
    isUnannounced: false,
    ...fields,
  };
}

/** Starts chains in a transaction of their own. */
export async function start(
  context: StateContext,
  chains: readonly NewChain[],
  state: StateAdapter = context.state,
): Promise<readonly StartResult[]> {
  return state.startChains({ tx: undefined, chains });
}

/** Starts one chain and returns its id. */
export async function startOne(
  context: StateContext,
  fields: Partial<NewChain> = {},
  state: StateAdapter = context.state,
): Promise<string> {
  const [result] = await start(context, [newChain(context, fields)], state);
  return result!.chainId;
}

/** Starts `count` chains alike, in batches, and returns their ids. */
export async function startSeveral(
  context: StateContext,
  count: number,
  fields: Partial<NewChain> = {},
): Promise<string[]> {
  const chainIds: string[] = [];
  while (chainIds.length < count) {
    const chains = Array.from({ length: Math.min(1_000, count - chainIds.length) }, () =>
      newChain(context, fields),
    );
    chainIds.push(...(await start(context, chains)).map((result) => result.chainId));
  }
  return chainIds;
}

/** References to chains in one list slot. */
export function waitFor(...chainIds: readonly string[]): NewJob["blockers"] {
  return chainIds.map((chainId, ordinal) => ({ slot: "items", ordinal, chainId }));
}

export async function chainOf(
  context: StateContext,
  chainId: string,
  tx?: unknown,
): Promise<ChainRecord> {
  const [chain] = await context.state.getChains({ tx, chainIds: [chainId] });
  if (chain === undefined) throw new ConformanceFailure(`chain "${chainId}" is not there`);
  return chain;
}

export async function jobOf(
  context: StateContext,
  key: JobKey | string,
  tx?: unknown,
): Promise<JobRecord> {
  const jobKey =
    typeof key === "string"
      ? { chainId: key, chainIndex: 0 }
      : { chainId: key.chainId, chainIndex: key.chainIndex };
  const [job] = await context.state.getJobs({ tx, keys: [jobKey] });
  if (job === undefined)
    throw new ConformanceFailure(
      `job ${jobKey.chainIndex} of chain "${jobKey.chainId}" is not there`,
    );
  return job;
}

/** Whether a chain is there, seen from a session. */
export async function isThere(
  state: StateAdapter,
  chainId: string,
  tx?: unknown,
): Promise<boolean> {
  const [chain] = await state.getChains({ tx, chainIds: [chainId] });
  return chain !== undefined;
}

export const errorText = '{"message":"broken"}';

export function completed(output?: string): Outcome & { kind: "completed" } {
  return { kind: "completed", output };
}

export function continued(
  next: Partial<NewJob> = {},
  options: { readonly isSticky?: boolean } = {},
): Outcome & { kind: "continued" } {
  return { kind: "continued", next: newJob(next), isSticky: options.isSticky ?? false };
}

export function retried(delayMs = 0, error: string = errorText): Outcome {
  return { kind: "retried", delayMs, error };
}

export function rescheduled(delayMs: number): Outcome {
  return { kind: "rescheduled", schedule: { delayMs } };
}

export function failed(error: string = errorText): Outcome {
  return { kind: "failed", error };
}

export const released: Outcome = { kind: "released" };
