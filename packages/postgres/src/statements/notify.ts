import type { NewChain, StartResult } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodePayloads } from "../notify/payloads.ts";
import { encodeTopic, type Key } from "../notify/topic-keys.ts";
import { encodeArray } from "../text-array.ts";

/** No adapter takes it for its own. */
const noSender = "";

/** Sends notifications, all in one transaction. The order is kept; equal ones become one. */
export async function sendNotifications(
  session: Session,
  channel: string,
  payloads: readonly string[],
): Promise<void> {
  await session.ask(notifyStatement, [channel, encodeArray(payloads)]);
}

const notifyStatement: AnsweringStatement = {
  name: "notify",
  expression: "SELECT count(pg_notify($1::text, payload)) FROM unnest($2::text::text[]) AS payload",
};

/** Lets the transaction's commit wake the workers of what it has started and may run. */
export async function notifyStarts(
  session: Session,
  channel: string,
  chains: readonly NewChain[],
  results: readonly StartResult[],
): Promise<void> {
  const keys = new Set<Key>();
  results.forEach(({ outcome, jobStatus }, index) => {
    const isNews = outcome !== "kept" && outcome !== "sameId";
    if (isNews && (jobStatus === "ready" || jobStatus === "scheduled"))
      keys.add(encodeTopic({ kind: "type", type: chains[index]!.type }));
  });
  if (keys.size === 0) return;
  await sendNotifications(session, channel, encodePayloads({ sender: noSender, keys: [...keys] }));
}
