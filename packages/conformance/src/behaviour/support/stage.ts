import type { NotifyAdapter, StateAdapter } from "queuert/adapter";

import { defineCase, type Capability, type ConformanceCase } from "../../case.ts";
import type { Expect } from "../../expect.ts";
import type { ConformanceInstallation, ConformanceStore } from "../../fixture.ts";
import { createCaseClock, type CaseClock } from "../../support/case-clock.ts";
import { createEventLog, type EventLog } from "./event-log.ts";
import { createGate, type Gate } from "./gate.ts";
import { tapAdapter, type Tap } from "./tap.ts";

/** A process of the user's: adapters of its own on a store that it shares with others. */
export interface Process {
  /** What `createClient` takes beside the job types: `createClient({ jobTypes, ...process.ports })`. */
  readonly ports: {
    // oxlint-disable-next-line typescript/no-explicit-any -- The transaction type is the adapter's own affair.
    readonly state: StateAdapter<any>;
    readonly notify: NotifyAdapter | undefined;
    readonly events: readonly EventLog["subscriber"][];
  };
  readonly events: EventLog;
  /** Listens in on the state adapter. */
  readonly store: Tap;
  /** Listens in on the notify adapter; of no use where there is none. */
  readonly channel: Tap;
  /** Stops answering for good, as after kill -9: nothing that the process begins comes to an end. */
  crash(): void;
}

/** What a behaviour case works with. Everything that is opened through it is closed after the case. */
export interface Stage {
  /** The database's clock: it stands still until the case moves it, so leases and schedules are decided by the case alone. */
  readonly clock: CaseClock;
  readonly installation: ConformanceStore;
  /** The first process. */
  readonly process: Process;
  openProcess(installation?: ConformanceInstallation): Promise<Process>;
  /** Has a client or a worker closed at the end. */
  use<TOpened extends Stoppable | Closable>(opened: TOpened): TOpened;
  /** A gate that is opened at the end, so that no handler is left. */
  gate(): Gate;
}

interface Stoppable {
  stop(options?: { timeoutMs?: number }): Promise<void>;
}
interface Closable {
  close(): Promise<void>;
}

/** Options of workers and waits that have to find out by looking: quick, so that a case does not wait for a poll. */
export const soon = { pollIntervalMs: 20 } as const;

/** Defines a case with a stage of its own. */
export function defineBehaviour(
  name: string,
  run: (stage: Stage, expect: Expect) => Promise<void>,
  options: { readonly needs?: Capability } = {},
): ConformanceCase<ConformanceStore> {
  return defineCase(
    name,
    async (store, expect) => {
      const { stage, close } = await openStage(store);
      try {
        await run(stage, expect);
      } catch (error) {
        // The failure is the news; what cannot be closed after it is left.
        await Promise.race([close().catch(() => {}), waitMs(5_000)]);
        throw error;
      }
      await close();
    },
    options,
  );
}

/**
 * Defines a case of a pair with a channel for wake-ups. Without one it fails at once, so that it does not wait for what never comes; such a pair
 * names it in its skips.
 */
export function defineChannelBehaviour(
  name: string,
  run: (stage: Stage, expect: Expect) => Promise<void>,
): ConformanceCase<ConformanceStore> {
  return defineBehaviour(name, async (stage, expect) => {
    if (stage.process.ports.notify === undefined)
      throw new Error("The pair has no channel for wake-ups.");
    await run(stage, expect);
  });
}

/** Looks again and again until the condition holds; a case whose condition never does runs into its deadline. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await waitMs(2);
}

async function openStage(
  store: ConformanceStore,
): Promise<{ stage: Stage; close: () => Promise<void> }> {
  const clock = createCaseClock();
  const gates: Gate[] = [];
  const processes: Process[] = [];
  const stoppables: Stoppable[] = [];
  const closables: Closable[] = [];

  const openProcess = async (installation: ConformanceInstallation = store): Promise<Process> => {
    if (installation.openState === undefined)
      throw new Error(
        'The fixture\'s store has no openState, although its kinds name "behaviour".',
      );
    const state = tapAdapter(await installation.openState({ clock: clock.now }));
    const notify = tapAdapter((await installation.openNotify?.()) ?? silentNotify);
    const events = createEventLog();
    const process: Process = {
      ports: {
        state: state.adapter,
        notify: installation.openNotify === undefined ? undefined : notify.adapter,
        events: [events.subscriber],
      },
      events,
      store: state.tap,
      channel: notify.tap,
      crash() {
        state.tap.freeze();
        notify.tap.freeze();
      },
    };
    processes.push(process);
    await state.adapter.migrate();
    return process;
  };

  const close = async (): Promise<void> => {
    for (const gate of gates) gate.open();
    for (const { store: state, channel } of processes) {
      state.intercept(({ proceed }) => proceed());
      channel.intercept(({ proceed }) => proceed());
      state.thaw();
      channel.thaw();
    }
    await Promise.all(stoppables.map((stoppable) => stoppable.stop({ timeoutMs: 2_000 })));
    await Promise.all(closables.map((closable) => closable.close()));
    await Promise.all(processes.map(async ({ ports }) => ports.notify?.close()));
    await Promise.all(processes.map(({ ports }) => ports.state.close()));
  };

  const stage: Stage = {
    clock,
    installation: store,
    process: await openProcess(),
    openProcess,
    use(opened) {
      if ("stop" in opened) stoppables.push(opened);
      else closables.push(opened);
      return opened;
    },
    gate() {
      const gate = createGate();
      gates.push(gate);
      return gate;
    },
  };
  return { stage, close };
}

/** Stands where there is no channel, so that a process has the same shape. */
const silentNotify: NotifyAdapter = {
  name: "none",
  publish: async () => {},
  subscribe: async () => ({ close: async () => {} }),
  close: async () => {},
};

function waitMs(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
