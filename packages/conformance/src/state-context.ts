import { formatUuidV7, type NotifyAdapter, type StateAdapter } from "queuert/adapter";

import type { ConformanceInstallation, ConformanceStore } from "./fixture.ts";
import { createCaseClock, type CaseClock } from "./support/case-clock.ts";
import type { SeededRandom } from "./support/random.ts";

/** What a state case works with: sessions on a store of its own, and the database's clock. */
export interface StateContext {
  /** The first session, migrated. */
  readonly state: StateAdapter;
  /** The clock of all sessions of the case. */
  readonly clock: CaseClock;
  readonly random: SeededRandom;
  readonly store: ConformanceStore;
  /** Another session on the same installation, as another process has it. */
  openSession(): Promise<StateAdapter>;
  /** A session on the other installation in the same database, migrated. */
  openSibling(): Promise<StateAdapter>;
  /** A session that is neither migrated nor closed by the context. */
  openBare(): Promise<StateAdapter>;
  /** A chain id of the database's time; later ids are greater. */
  newChainId(): string;
}

/** What a notify case works with. */
export interface NotifyContext {
  readonly store: ConformanceStore;
  readonly random: SeededRandom;
  /** A session on the installation. */
  openSession(): Promise<NotifyAdapter>;
  /** A session on the other installation in the same database. */
  openSibling(): Promise<NotifyAdapter>;
}

/** A context and the way to close what it opened. */
export interface OpenedContext<TContext> {
  readonly context: TContext;
  close(): Promise<void>;
}

export async function openStateContext(
  store: ConformanceStore,
  random: SeededRandom,
): Promise<OpenedContext<StateContext>> {
  const clock = createCaseClock();
  const opened: StateAdapter[] = [];
  const openBare = async (installation: ConformanceInstallation): Promise<StateAdapter> => {
    if (installation.openState === undefined)
      throw new Error('The fixture\'s store has no openState, although its kinds name "state".');
    return installation.openState({ clock: clock.now });
  };
  const openMigrated = async (installation: ConformanceInstallation): Promise<StateAdapter> => {
    const state = await openBare(installation);
    opened.push(state);
    await state.migrate();
    return state;
  };
  let sequence = 0;
  return {
    context: {
      state: await openMigrated(store),
      clock,
      random,
      store,
      openSession: async () => openMigrated(store),
      openSibling: async () => openMigrated(store.sibling),
      openBare: async () => openBare(store),
      newChainId: () => {
        sequence += 1;
        // Beyond 4096 ids in one ms the time part goes on, so that ids keep growing.
        return formatUuidV7(
          clock.now() + Math.floor(sequence / 4096),
          sequence % 4096,
          random.bytes(10),
        );
      },
    },
    close: async () => {
      await Promise.all(opened.map(async (state) => state.close()));
    },
  };
}

export async function openNotifyContext(
  store: ConformanceStore,
  random: SeededRandom,
): Promise<OpenedContext<NotifyContext>> {
  const opened: NotifyAdapter[] = [];
  const open = async (installation: ConformanceInstallation): Promise<NotifyAdapter> => {
    if (installation.openNotify === undefined)
      throw new Error('The fixture\'s store has no openNotify, although its kinds name "notify".');
    const notify = await installation.openNotify();
    opened.push(notify);
    return notify;
  };
  return {
    context: {
      store,
      random,
      openSession: async () => open(store),
      openSibling: async () => open(store.sibling),
    },
    close: async () => {
      await Promise.all(opened.map(async (notify) => notify.close()));
    },
  };
}
