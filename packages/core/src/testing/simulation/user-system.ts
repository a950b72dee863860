import { StoreConflictError, StoreUnavailableError } from "../../errors/store-errors.ts";
import type { MemoryTransaction } from "../../memory/sessions.ts";
import { decodeJson } from "../../model/json-codec.ts";
import type { StateAdapter } from "../../ports/state-adapter.ts";
import type { EmittedEvent } from "../../ports/telemetry.ts";
import type { JobTypes } from "../../types/job-types.ts";
import type { Middleware } from "../../types/middleware.ts";
import { readStartedChains } from "../read-started-chains.ts";
import { OutsideCallError } from "./call-outside.ts";
import { describeEvent } from "./describe-event.ts";
import { createLook, unfinishedError } from "./look.ts";
import type { Random } from "./random.ts";
import type {
  ProcessScope,
  SimulatedChain,
  SimulatedState,
  SimulateOptions,
} from "./simulate-api.ts";
import type {
  SimulatedBerth,
  SimulatedNode,
  SimulatedSystem,
  SimulatedWorld,
} from "./simulated-system.ts";
import { createTransactionWrites } from "./transaction-writes.ts";

/** The options with what is common to all job types; the compiler checks calls against `Simulate`. */
// oxlint-disable-next-line typescript/no-explicit-any
export type UntypedOptions = SimulateOptions<any, object, readonly Middleware<unknown>[], unknown>;

// oxlint-disable-next-line typescript/no-explicit-any
type UntypedScope = ProcessScope<any, object, unknown>;

/** With faults over, no lease, poll or backoff of a first attempt takes longer. */
const quietMs = 60_000;
const horizonMsDefault = 600_000;

/** A system of the user's own job types, handlers, steps and invariants. */
export function buildUserSystem(
  jobTypes: JobTypes<unknown> | readonly JobTypes<unknown>[],
  options: UntypedOptions,
  run: SimulatedWorld,
  memory: StateAdapter<MemoryTransaction>,
): SimulatedSystem {
  const { horizonMs = horizonMsDefault, invariants = {}, atRest = {} } = options;
  const writes = createTransactionWrites(memory);
  const world: unknown = options.world?.({
    random: run.random.fork("world"),
    now: run.nowMs,
    wait: (ms) => run.wait(ms),
  });
  const look = createLook(writes.state, run, horizonMs);
  const state: SimulatedState<unknown, unknown> = {
    world,
    chains: ((type?: string) => readChains(memory, type)) as never,
  };
  const check = async (checks: NonNullable<UntypedOptions["invariants"]>): Promise<void> => {
    for (const [name, holds] of Object.entries(checks)) {
      try {
        await holds(state);
      } catch (error) {
        run.fail(name, error);
      }
    }
  };
  const scopeOf = (node: SimulatedNode, random: Random): UntypedScope => ({
    client: node.client,
    world,
    random,
    wait: (ms) => run.wait(ms, node.process),
    call: (service) => run.call(node.process, async () => service()),
    write: ({ tx }, change) =>
      writes.write(tx, () => {
        change();
        look.touch();
      }),
  });
  return {
    jobTypes,
    middleware: options.middleware,
    state: look.state,
    berths: drawBerths(options, run.random.fork("berths"), scopeOf),
    takeEvents: (events, process) => {
      for (const event of events) takeEvent(run, process.name, event);
    },
    act: async (node, random, step) => {
      try {
        await options.start({ ...scopeOf(node, random), step });
      } catch (error) {
        if (!isOutage(error)) throw error;
      }
    },
    calm: async () => {},
    afterEvent: () => look.ifTouched(() => check(invariants)),
    changeCount: () => look.changeCount,
    isAtRest: () => look.unfinished === undefined,
    get quietMs() {
      // What is ready only waits for a poll.
      return look.unfinished?.status === "ready" ? quietMs : quietMs + horizonMs;
    },
    checkAtRest: async () => {
      const { unfinished } = look;
      if (unfinished !== undefined)
        run.fail("every chain comes to rest", unfinishedError(unfinished));
      await check(atRest);
    },
  };
}

function isOutage(error: unknown): boolean {
  return (
    error instanceof StoreUnavailableError ||
    error instanceof StoreConflictError ||
    error instanceof OutsideCallError
  );
}

function drawBerths(
  options: UntypedOptions,
  random: Random,
  scopeOf: (node: SimulatedNode, random: Random) => UntypedScope,
): readonly SimulatedBerth[] {
  return Array.from({ length: random.between(1, 3) }, (_, index) => ({
    name: `worker-${index}`,
    concurrency: options.concurrency ?? random.pick([1, 2, 10]),
    retry: options.retry,
    leaseMs: random.pick([1_000, 3_000, 6_000]),
    pollIntervalMs: random.pick([300, 1_000, 2_500]),
    prefetchMs: random.pick([0, 50, 2_000]),
    stopTimeoutMs: random.pick([0, 500, 5_000]),
    handlers: (node) => options.handlers(scopeOf(node, node.process.random.fork("handlers"))),
  }));
}

async function readChains(
  state: StateAdapter<MemoryTransaction>,
  type: string | undefined,
): Promise<readonly SimulatedChain[]> {
  const chains = await readStartedChains(state, {
    types: type === undefined ? undefined : [type],
    label: undefined,
  });
  const records = await state.getChains({ tx: undefined, chainIds: chains.map(({ id }) => id) });
  return chains.map((chain, index) => ({
    ...chain,
    output:
      records[index]?.status === "completed"
        ? decodeJson(records[index].output, `The output of "${chain.type}"`)
        : undefined,
  }));
}

function takeEvent(run: SimulatedWorld, processName: string, event: EmittedEvent): void {
  if (event.name === "chain.started") run.count("chains");
  if (event.name === "attempt.started") run.count("attempts");
  run.trace(`${processName}: ${describeEvent(event)}`);
}
