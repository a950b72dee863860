import {
  StoreSetupError,
  StoreUnavailableError,
  systemClock,
  type NotifyAdapter,
  type StateAdapter,
  type Timer,
  type WakeUpTopic,
} from "queuert/adapter";

import { installationOf } from "./create-sqlite-state-adapter.ts";
import { joinHub, type Hub, type Listener } from "./notify/hub.ts";

/** How {@link createSqliteNotifyAdapter} listens. */
export interface SqliteNotifyAdapterOptions {
  /** A state adapter from `createSqliteStateAdapter`. It is used until the notify adapter is closed, and not closed by it. */
  // oxlint-disable-next-line typescript/no-explicit-any -- StateAdapter is invariant in its transaction type, which does not matter here.
  readonly state: StateAdapter<any>;
  /** How often to look whether another process has committed, in ms. It reads no table. Default 20. */
  readonly intervalMs?: number;
}

/**
 * Makes a notify adapter on a SQLite file. Subscribers in this process are reached at once; those in others notice that something was
 * committed, and are woken whatever it was. It looks only while it has subscribers, and never keeps the process alive.
 *
 * @throws StoreSetupError for a state adapter of another kind.
 */
export function createSqliteNotifyAdapter(options: SqliteNotifyAdapterOptions): NotifyAdapter {
  const installation = installationOf(options.state);
  if (installation === undefined) {
    throw new StoreSetupError(
      "The state adapter given to createSqliteNotifyAdapter was not made by createSqliteStateAdapter. Pass one that was.",
    );
  }
  const { intervalMs = 20 } = options;
  const hub: Hub = joinHub(installation.id);
  const listeners = new Set<Listener>();
  let seenVersion: number | undefined;
  /** The timer of the next look. A look that ends after it was taken back, or replaced, is not followed by another. */
  let watching: Timer | undefined;
  let isClosed = false;

  const assertOpen = (): void => {
    if (isClosed)
      throw new StoreUnavailableError("The notify adapter is closed. Make another one.");
  };

  /** Wakes everybody when another connection has committed since the last look, and after a look that failed. */
  const look = async (): Promise<void> => {
    let version: number | undefined;
    try {
      version = await installation.readDataVersion();
    } catch {
      // The state adapter's own operations say what is wrong; here it is a gap, ended by the next look that succeeds.
    }
    const isNews = version !== undefined && version !== seenVersion;
    seenVersion = version;
    if (isNews) for (const listener of listeners) listener.wake();
  };
  const watch = (): void => {
    const timer = systemClock.schedule(
      intervalMs,
      () => {
        void look().then(() => {
          if (watching === timer) watch();
        });
      },
      { isBackground: true },
    );
    watching = timer;
  };

  const unsubscribe = (listener: Listener): void => {
    listener.end();
    hub.listeners.delete(listener);
    listeners.delete(listener);
    if (listeners.size > 0) return;
    watching?.cancel();
    watching = undefined;
  };

  return {
    name: "sqlite",
    publish: async (topics: readonly WakeUpTopic[]) => {
      assertOpen();
      hub.publish(topics);
    },
    subscribe: async ({ topics, onWakeUp }) => {
      assertOpen();
      const listener = hub.createListener(topics, onWakeUp);
      const version = await installation.readDataVersion();
      assertOpen();
      // What commits from here on is news. Those who were there before wait for news since an earlier look.
      if (listeners.size === 0) seenVersion = version;
      hub.listeners.add(listener);
      listeners.add(listener);
      if (watching === undefined) watch();
      return { close: async () => unsubscribe(listener) };
    },
    close: async () => {
      isClosed = true;
      for (const listener of listeners) unsubscribe(listener);
      hub.leave();
    },
  };
}
