import type { NewChain, StartResult } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodePayloads } from "../notify/payloads.ts";
import { encodeTopic, type Key } from "../notify/topic-keys.ts";
import { encodeArray } from "../text-array.ts";

/** No adapter takes it for its own. */
const noSender = "";

/**
 * Sends notifications, all in one transaction of their own. The order is kept; equal ones become one. The server does not wait for the disk, since
 * it holds a lock on the queue of the whole cluster meanwhile, and a hint that is lost with the server wakes nobody who would not look anyway.
 */
export async function publishNotifications(
  session: Session,
  channel: string,
  payloads: readonly string[],
): Promise<void> {
  await session.ask(publishStatement, [channel, encodeArray(payloads)]);
}

const publishStatement: AnsweringStatement = {
  name: "publish",
  expression:
    "SELECT count(pg_notify($1::text, payload)) FROM unnest($2::text::text[]) AS payload, set_config('synchronous_commit', 'off', true)",
};

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
  const payloads = encodePayloads({ sender: noSender, keys: [...keys] });
  await session.ask(notifyStatement, [channel, encodeArray(payloads)]);
}
