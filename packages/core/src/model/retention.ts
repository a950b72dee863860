import { OptionInvalidError } from "../errors/value-errors.ts";
import { formatUuidV7 } from "./ids.ts";
import { checkNumber } from "./options.ts";
import type { ChainStatus } from "./status.ts";

/** How a chain has ended. */
export type ClosedChainStatus = Exclude<ChainStatus, "open">;

const closedChainStatuses: readonly ClosedChainStatus[] = ["completed", "failed", "cancelled"];

/** Which closed chains of a status are kept. A chain that misses one of the two is due to be deleted; a rule with neither keeps all. */
export interface RetentionRule {
  /** The longest time since the chain closed, by the database's clock, in ms: whole, 0 or more. */
  readonly maxAgeMs?: number | undefined;
  /** The newest so many chains of the status, by the order of their ids: whole, 0 to 100,000. A look counts them, so prefer an age where many are kept. */
  readonly maxCount?: number | undefined;
}

/** Which closed chains are kept, by how they ended; without a rule, all of a status. */
export type RetentionOptions = Readonly<
  Partial<Record<ClosedChainStatus, RetentionRule | undefined>>
>;

/** A rule for each status that has one; chains of the others are kept. */
export type RetentionRules = Readonly<Partial<Record<ClosedChainStatus, RetentionRule>>>;

/** The rules as an adapter gets them, those that keep all left out; `undefined` when none is left. Throws `OptionInvalidError`. */
export function resolveRetention(given: RetentionOptions | undefined): RetentionRules | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== "object" || given === null) {
    throw new OptionInvalidError("retention must be an object with a rule for each status.", {
      option: "retention",
    });
  }
  checkKeys(given, closedChainStatuses, "retention");
  const rules = closedChainStatuses.flatMap((status) => {
    const rule = resolveRule(given[status], `retention.${status}`);
    return rule === undefined ? [] : [[status, rule] as const];
  });
  return rules.length === 0 ? undefined : Object.fromEntries(rules);
}

function resolveRule(given: RetentionRule | undefined, option: string): RetentionRule | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== "object" || given === null)
    throw new OptionInvalidError(`${option} must be an object with maxAgeMs, maxCount or both.`, {
      option,
    });
  checkKeys(given, ["maxAgeMs", "maxCount"], option);
  const { maxAgeMs, maxCount } = given;
  if (maxAgeMs === undefined && maxCount === undefined) return undefined;
  if (maxAgeMs !== undefined)
    checkNumber(maxAgeMs, `${option}.maxAgeMs`, { min: 0, max: ageMsMax, isWhole: true });
  if (maxCount !== undefined)
    checkNumber(maxCount, `${option}.maxCount`, { min: 0, max: 100_000, isWhole: true });
  return { maxAgeMs, maxCount };
}

/** A hundred years. */
const ageMsMax = 3_155_760_000_000;

/** What would be misread as "keep": a misspelt rule must not look like one that works. */
function checkKeys(given: object, known: readonly string[], option: string): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new OptionInvalidError(
    `${option} has no "${unknown}". Give ${known.slice(0, -1).join(", ")} or ${known.at(-1)!}.`,
    { option: `${option}.${unknown}` },
  );
}

/** What a chain has to meet to be past an age. */
export interface AgeBound {
  /** It closed at this instant or before. */
  readonly closedUntilMs: number;
  /** Its id is smaller: what closed by then was started by then, so a walk by id ends here and not with the history. */
  readonly idBelow: string;
}

/** The bounds of an age at an instant of the database's clock; without an age, bounds that nothing meets. */
export function ageBound(maxAgeMs: number | undefined, nowMs: number): AgeBound {
  const closedUntilMs = nowMs - (maxAgeMs ?? Number.POSITIVE_INFINITY);
  return {
    closedUntilMs,
    idBelow:
      closedUntilMs < 0 ? "" : formatUuidV7(Math.floor(closedUntilMs) + 1, 0, new Uint8Array(10)),
  };
}
