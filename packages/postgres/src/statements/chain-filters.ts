import type { ChainFilter } from "queuert/adapter";

import { encodeArray } from "../text-array.ts";
import { uuidMax, uuidMin } from "../uuids.ts";

/** Where ids lie: between two UUIDs that are themselves outside. */
export interface IdRange {
  readonly above: string;
  readonly below: string;
}

/** The parameters of a filter, in the order of functions/find-chains.ts. */
export const filterPlaceholders =
  "$1::text::text[], $2::text::text[], $3::text, $4::text, $5::text::uuid, $6::text::uuid";

export function encodeFilter(
  { types, statuses, label }: ChainFilter,
  { above, below }: IdRange,
): readonly (string | null)[] {
  return [
    encodeChoice(types),
    encodeChoice(statuses),
    label?.key ?? null,
    label?.value ?? null,
    above,
    below,
  ];
}

/** A list of which one has to fit; each value once, or what fits it would be found twice. */
export function encodeChoice(values: readonly string[] | undefined): string | null {
  return values === undefined ? null : encodeArray([...new Set(values)]);
}

/** Whether nothing can fit: a list is given and empty. */
export function fitsNothing(filter: {
  readonly types?: readonly string[] | undefined;
  readonly statuses?: readonly string[] | undefined;
}): boolean {
  return filter.types?.length === 0 || filter.statuses?.length === 0;
}

export function idRangeOf({ createdAfter, createdBefore }: ChainFilter): IdRange {
  return {
    above: createdAfter === undefined ? uuidMin : idBoundAt(createdAfter),
    below: createdBefore === undefined ? uuidMax : idBoundAt(createdBefore),
  };
}

const idTimeMsMax = 2 ** 48 - 1;

/** Greater than all ids of earlier times and less than all others. No id itself: those have their version where this has zeros. */
function idBoundAt(instant: Date): string {
  const ms = Math.min(Math.max(0, instant.getTime()), idTimeMsMax);
  const time = ms.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-${uuidMin.slice(14)}`;
}
