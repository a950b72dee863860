import type { ActionResult, Schedule } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodeArray } from "../text-array.ts";
import { encodeUuid } from "../uuids.ts";
import { decodeActions, type ActedRow } from "./action-results.ts";
import { delayOf, instantOf } from "./schedules.ts";

const triggerStatement: AnsweringStatement = {
  name: "trigger_chains",
  expression: "{trigger_chains}($1::text::timestamptz, $2::text::uuid[])",
};

const rescheduleStatement: AnsweringStatement = {
  name: "reschedule_chains",
  expression:
    "{reschedule_chains}($1::text::timestamptz, $2::text::uuid[], $3::text::float8, $4::text::float8)",
};

/** Makes scheduled jobs ready: their time is now. */
export async function triggerChains(
  session: Session,
  chainIds: readonly string[],
): Promise<readonly ActionResult<"triggered" | "notFound" | "notTriggerable">[]> {
  const rows = await session.ask<readonly ActedRow[]>(triggerStatement, [
    session.now,
    encodeArray(chainIds.map(encodeUuid)),
  ]);
  return decodeActions(chainIds, rows!, "triggered", "notTriggerable");
}

/** Gives the open job of each chain another time. */
export async function rescheduleChains(
  session: Session,
  chainIds: readonly string[],
  schedule: Schedule,
): Promise<readonly ActionResult<"rescheduled" | "notFound" | "notReschedulable">[]> {
  const rows = await session.ask<readonly ActedRow[]>(rescheduleStatement, [
    session.now,
    encodeArray(chainIds.map(encodeUuid)),
    encodeMs(delayOf(schedule)),
    encodeMs(instantOf(schedule)),
  ]);
  return decodeActions(chainIds, rows!, "rescheduled", "notReschedulable");
}

function encodeMs(ms: number | undefined): string | null {
  return ms === undefined ? null : String(ms);
}
