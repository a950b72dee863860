import { OptionInvalidError } from "../../errors/value-errors.ts";
import { chainStatuses, jobStatuses } from "../../model/status.ts";
import type { ChainFilter, JobFilter } from "../../ports/state-reads.ts";
import type { ChainSelection, JobSelection } from "./inspect-api.ts";

/**
 * The port's filter for a selection. Tools pass on what people typed, so a status or date that is none is refused instead of silently
 * matching nothing. Throws `OptionInvalidError`.
 */
export function toChainFilter(selection: ChainSelection): ChainFilter {
  const { types, statuses, label, createdAfter, createdBefore } = selection;
  checkTexts(types, "types");
  checkStatuses(statuses, chainStatuses);
  if (label !== undefined) checkTexts([label.key, label.value], "label");
  checkDate(createdAfter, "createdAfter");
  checkDate(createdBefore, "createdBefore");
  return { types, statuses, label, createdAfter, createdBefore };
}

/** As `toChainFilter`, for jobs. */
export function toJobFilter(selection: JobSelection): JobFilter {
  const { chainId, types, statuses, workerId } = selection;
  if (chainId !== undefined) checkTexts([chainId], "chainId");
  checkTexts(types, "types");
  checkStatuses(statuses, jobStatuses);
  if (workerId !== undefined) checkTexts([workerId], "workerId");
  return { chainId, types, statuses, workerId };
}

function checkTexts(texts: readonly unknown[] | undefined, option: string): void {
  if (texts === undefined) return;
  if (Array.isArray(texts) && texts.every((text) => typeof text === "string")) return;
  throw new OptionInvalidError(`${option} takes text only.`, { option });
}

function checkStatuses(statuses: readonly string[] | undefined, known: readonly string[]): void {
  checkTexts(statuses, "statuses");
  const unknown = statuses?.find((status) => !known.includes(status));
  if (unknown !== undefined) {
    throw new OptionInvalidError(`"${unknown}" is no status. Give some of ${known.join(", ")}.`, {
      option: "statuses",
    });
  }
}

function checkDate(date: Date | undefined, option: string): void {
  if (date === undefined || (date instanceof Date && !Number.isNaN(date.getTime()))) return;
  throw new OptionInvalidError(`${option} is no valid Date.`, { option });
}
