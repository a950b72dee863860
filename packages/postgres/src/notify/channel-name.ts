import { createHash } from "node:crypto";

import type { Naming } from "../names.ts";

/** PostgreSQL refuses longer names of channels. */
const lengthMax = 63;

/**
 * The one channel of an installation (P9). A point stands in no name of a schema and not in a digest, so no two installations share a
 * channel. Has to be quoted in LISTEN.
 */
export function nameChannel({ schema, tablePrefix }: Naming): string {
  const plain = `queuert_${schema}.${tablePrefix}`;
  if (plain.length <= lengthMax) return plain;
  return `queuert_${createHash("sha256").update(plain).digest("hex").slice(0, 40)}`;
}
