import { OptionInvalidError } from "../errors/value-errors.ts";
import type { BlockerReference, ClaimedBlocker } from "../ports/state-adapter.ts";
import type { BlockerSlot } from "../types/job-types.ts";
import type { MergedJobTypes } from "../types/merge-job-types.ts";
import { readPayload } from "./payloads.ts";

/** Blockers as a caller names them: a chain, or a list of chains, by slot. */
export type BlockersGiven = Readonly<Record<string, ChainHandle | readonly ChainHandle[]>>;
interface ChainHandle {
  readonly id: string;
  readonly type: string;
}

/** A list slot is stored under its name and this mark, so that it can be told from a single one where no definition is known. */
const listMark = "[]";

/** Turns named slots into what the port takes, checked against the definition where there is one. Throws `OptionInvalidError`. */
export function blockerReferences(
  type: string,
  slots: Readonly<Record<string, BlockerSlot>> | undefined,
  given: BlockersGiven | undefined,
): readonly BlockerReference[] {
  if (slots !== undefined) checkSlots(type, slots, given ?? {});
  return Object.entries(given ?? {}).flatMap(([slot, chains]) =>
    isList(chains)
      ? chains.map((chain, ordinal) => ({ slot: slot + listMark, ordinal, chainId: chain.id }))
      : [{ slot, ordinal: 0, chainId: chains.id }],
  );
}

function isList(chains: ChainHandle | readonly ChainHandle[]): chains is readonly ChainHandle[] {
  return Array.isArray(chains);
}

function checkSlots(
  type: string,
  slots: Readonly<Record<string, BlockerSlot>>,
  given: BlockersGiven,
): void {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(slots, name))
      throw new OptionInvalidError(`"${type}" has no blocker slot "${name}".`, {
        option: `blockers.${name}`,
      });
  }
  for (const [name, slot] of Object.entries(slots)) {
    const chains = given[name];
    if (chains === undefined || isList(chains) !== slot.isList) {
      throw new OptionInvalidError(
        `The blocker slot "${name}" of "${type}" takes ${slot.isList ? "a list of chains" : "one chain"} of "${slot.type}".`,
        {
          option: `blockers.${name}`,
        },
      );
    }
    for (const chain of isList(chains) ? chains : [chains]) {
      if (chain.type !== slot.type) {
        throw new OptionInvalidError(
          `The blocker slot "${name}" of "${type}" takes a chain of "${slot.type}", not of "${chain.type}".`,
          { option: `blockers.${name}` },
        );
      }
    }
  }
}

/** What a handler reads as `job.blockers`: the completed chains by slot, their outputs decoded. */
export async function readBlockers(
  jobTypes: MergedJobTypes,
  type: string,
  claimed: readonly ClaimedBlocker[],
): Promise<Readonly<Record<string, unknown>>> {
  const slots = jobTypes.definitions.get(type)?.blockers;
  const blockers: Record<string, unknown> = {};
  for (const [name, slot] of Object.entries(slots ?? {})) if (slot.isList) blockers[name] = [];
  for (const blocker of claimed) {
    const chain = {
      id: blocker.chainId,
      type: blocker.chainType,
      status: "completed",
      output: await readPayload(jobTypes, blocker.type, "output", blocker.output),
    };
    if (!blocker.slot.endsWith(listMark)) {
      blockers[blocker.slot] = chain;
      continue;
    }
    const list = (blockers[blocker.slot.slice(0, -listMark.length)] ??= []) as unknown[];
    list[blocker.ordinal] = chain;
  }
  return slots === undefined ? withEmptyLists(blockers) : blockers;
}

/** Without a definition an empty list slot left no trace; a single one always does. So a slot that is not there is an empty list. */
function withEmptyLists(blockers: Record<string, unknown>): Record<string, unknown> {
  return new Proxy(blockers, {
    get: (target, key) =>
      typeof key === "string" && !(key in target) && key !== "then" && key !== "toJSON"
        ? []
        : Reflect.get(target, key),
  });
}
