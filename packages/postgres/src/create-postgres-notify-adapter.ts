import { AsyncResource } from "node:async_hooks";

import {
  StoreSetupError,
  StoreUnavailableError,
  systemChance,
  systemClock,
  type NotifyAdapter,
  type StateAdapter,
} from "queuert/adapter";

import { installationOf } from "./create-postgres-state-adapter.ts";
import { nameChannel } from "./notify/channel-name.ts";
import type { ListenParams } from "./notify/hearing.ts";
import { createLink } from "./notify/link.ts";
import type { PostgresListener } from "./notify/listener.ts";
import { decodePayload, encodePayloads } from "./notify/payloads.ts";
import { createPublisher } from "./notify/publisher.ts";
import { createSubscribers } from "./notify/subscribers.ts";
import { encodeTopic, isProbe, type Key } from "./notify/topic-keys.ts";
import { publishNotifications } from "./statements/notify.ts";

/** How {@link createPostgresNotifyAdapter} listens. */
export interface PostgresNotifyAdapterOptions {
  /**
   * A state adapter from `createPostgresStateAdapter`. Wake-ups are published through its provider. It is used until the notify adapter is
   * closed, and not closed by it.
   */
  // oxlint-disable-next-line typescript/no-explicit-any -- StateAdapter is invariant in its transaction type, which does not matter here.
  readonly state: StateAdapter<any>;
  /** Opens the one connection that listens: `createNodePostgresListener({ pool })` from `@queuert/postgres/node-postgres`, or another one. */
  readonly listener: PostgresListener;
  /** How long nothing may be heard until a self-test shows that the connection still hears, in ms, at least 100. Default 30,000. */
  readonly selfTestIntervalMs?: number;
  /** How long connecting, publishing, or the message of a self-test may take, in ms, at least 10. Default 5,000. */
  readonly timeoutMs?: number;
}

/**
 * Makes a notify adapter on LISTEN and NOTIFY. Wake-ups are published by a statement of their own after the commit of what they tell;
 * those that come while one is under way, or within 5 ms after it, share the next. That statement does not wait for the disk. Subscribers of this adapter are reached at once, others through one channel.
 *
 * It listens while it has subscribers, on one connection, however many they are. The connection has to hear a message of its own at the
 * start, and whenever it was quiet for a while. Until it does, `outage` says why, workers poll more often, and it is made anew after
 * pauses that grow to a minute, for as long as it takes; then all subscribers are called.
 *
 * @throws StoreSetupError for a state adapter of another kind, and for times out of range.
 */
export function createPostgresNotifyAdapter(options: PostgresNotifyAdapterOptions): NotifyAdapter {
  const { state, listener } = options;
  const installation = installationOf(state);
  if (installation === undefined) {
    throw new StoreSetupError(
      "The state adapter given to createPostgresNotifyAdapter was not made by createPostgresStateAdapter. Pass one that was.",
    );
  }
  const selfTestIntervalMs = checkMs(options, "selfTestIntervalMs", 30_000, 100);
  const timeoutMs = checkMs(options, "timeoutMs", 5_000, 10);
  const channel = nameChannel(installation.naming);
  /** By it an adapter knows its own messages, whose topics have reached its subscribers before. */
  const sender = Buffer.from(systemChance.bytes(9)).toString("base64url");
  const subscribers = createSubscribers();
  let isClosed = false;

  // Whoever publishes or subscribes first may do so inside of a transaction, which what is done for all is no part of.
  const publisher = createPublisher({
    clock: systemClock,
    timeoutMs,
    send: AsyncResource.bind((keys: readonly Key[]) =>
      installation.run("publish", (session) =>
        publishNotifications(session, channel, encodePayloads({ sender, keys })),
      ),
    ),
  });

  const link = createLink({
    clock: systemClock,
    chance: systemChance,
    selfTestIntervalMs,
    timeoutMs,
    publish: (keys) => publisher.publish(keys),
    listen: AsyncResource.bind(({ onKeys, ...connection }: ListenParams) =>
      listener.listen({
        ...connection,
        channel,
        onNotification(payload) {
          const heard = decodePayload(payload);
          onKeys(heard.sender === sender ? heard.keys.filter(isProbe) : heard.keys);
        },
      }),
    ),
    onKeys: (keys) => subscribers.wake(keys),
    onChange: () => subscribers.wakeAll(),
    isNeeded: () => subscribers.count > 0,
  });

  const assertOpen = (): void => {
    if (isClosed)
      throw new StoreUnavailableError("The notify adapter is closed. Make another one.");
  };

  return {
    name: "postgres",
    get outage() {
      return link.outage;
    },
    async publish(topics) {
      assertOpen();
      if (topics.length === 0) return;
      const keys: readonly Key[] = topics.map(encodeTopic);
      subscribers.wake(keys);
      await publisher.publish(keys);
    },
    async subscribe({ topics, onWakeUp }) {
      assertOpen();
      const subscriber = subscribers.add(topics.map(encodeTopic), onWakeUp);
      await link.open();
      assertOpen();
      return { close: async () => subscriber.end() };
    },
    async close() {
      isClosed = true;
      subscribers.endAll();
      link.close();
      await publisher.idle();
    },
  };
}

function checkMs(
  options: PostgresNotifyAdapterOptions,
  name: "selfTestIntervalMs" | "timeoutMs",
  fallback: number,
  min: number,
): number {
  const value = options[name] ?? fallback;
  if (value >= min && value <= 3_600_000) return value;
  throw new StoreSetupError(
    `${name} is ${String(value)}. Give a number of ms from ${min} to 3,600,000.`,
  );
}
