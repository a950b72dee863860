import type { TypeStats } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodeInteger } from "../text-array.ts";

const statsStatement: AnsweringStatement = {
  name: "stats",
  expression: "{stats}($1::text::timestamptz, $2::text::integer)",
};

type StatsRow = readonly [
  type: string,
  isPaused: boolean,
  blocked: number,
  scheduled: number,
  ready: number,
  running: number,
  failed: number,
  oldestReadyMs: number | null,
];

export async function readStats(session: Session, cap: number): Promise<readonly TypeStats[]> {
  const rows = await session.ask<readonly StatsRow[]>(statsStatement, [
    session.now,
    encodeInteger(cap),
  ]);
  return (rows ?? []).map(decodeStats);
}

function decodeStats(row: StatsRow): TypeStats {
  const [type, isPaused, blocked, scheduled, ready, running, failed, oldestReadyMs] = row;
  return {
    type,
    isPaused,
    counts: { blocked, scheduled, ready, running, failed },
    // A clock that was set back makes nothing younger than now.
    oldestReadyMs: oldestReadyMs === null ? undefined : Math.max(0, oldestReadyMs),
  };
}
