import { describe, expect, it } from "vitest";

import { OptionInvalidError } from "../../errors/value-errors.ts";
import { HandlerDuplicateError } from "../../errors/definition-errors.ts";
import { defineJobTypes } from "../../types/define-job-types.ts";
import { defineHandlers } from "../../worker/create-worker.ts";
import { simulatedFaults } from "./faults.ts";
import { simulate } from "./simulate.ts";
import type { ProcessScope, SimulateOptions } from "./simulate-api.ts";
import { SimulationFailedError } from "./simulation-failed-error.ts";

interface Orders {
  "order.charge": { entry: true; input: { orderId: number }; continueWith: "order.ship" };
  "order.ship": { input: { orderId: number }; output: { shipped: true } };
}
const orders = defineJobTypes<Orders>();

/** What stands outside: a payment service, and the shop's own rows. */
interface Shop {
  readonly chargesByKey: Map<string, number>;
  readonly shipped: number[];
}
const openShop = (): Shop => ({ chargesByKey: new Map(), shipped: [] });

type Scope = ProcessScope<Orders, object, Shop>;
type ShopOptions = SimulateOptions<Orders, object, [], Shop>;

/** `keyOf`: by what the payment service knows a charge again. `isAtomic`: whether a shipment is written in the transaction that settles its job. */
function shopOptions(
  keyOf: (job: { readonly id: string }, attempt: string) => string,
  isAtomic: boolean,
): ShopOptions {
  return {
    world: openShop,
    handlers: ({ call, write, world, wait }: Scope) => ({
      "order.charge": async ({ job, continueWith }) => {
        await call(() => {
          world.chargesByKey.set(keyOf(job, job.token), job.input.orderId);
        });
        return continueWith({ type: "order.ship", input: job.input });
      },
      "order.ship": async ({ job, commit }) => {
        await wait(50);
        if (!isAtomic) {
          await call(() => void world.shipped.push(job.input.orderId));
          return { shipped: true };
        }
        return commit(async (tx) => {
          write({ tx }, () => void world.shipped.push(job.input.orderId));
          return { shipped: true };
        });
      },
    }),
    start: async ({ client, step }) => {
      await client.startChain({
        tx: "autocommit",
        type: "order.charge",
        input: { orderId: step },
        deduplication: { key: `order-${step}`, scope: "any" },
      });
    },
    invariants: {
      "no order is charged twice": ({ world }) => {
        const charged = [...world.chargesByKey.values()];
        expect(new Set(charged).size).toBe(charged.length);
      },
      "an order is shipped once, and when its chain completes": async ({ world, chains }) => {
        const completed = (await chains("order.charge")).filter(({ output }) => output?.shipped);
        expect(new Set(world.shipped)).toEqual(
          new Set(completed.map(({ input }) => input.orderId)),
        );
        expect(world.shipped.length).toBe(completed.length);
      },
    },
    atRest: {
      "every order that was taken is shipped": async ({ world, chains }) => {
        const open = (await chains()).filter(({ status }) => status !== "completed");
        expect(open).toEqual([]);
        expect(world.shipped.length).toBe((await chains()).length);
      },
    },
  };
}

const rightOptions = shopOptions(({ id }) => id, true);

async function failureOf(options: ShopOptions): Promise<SimulationFailedError> {
  const error: unknown = await simulate(orders, options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SimulationFailedError);
  return error as SimulationFailedError;
}

describe("simulate", () => {
  it("finds nothing in handlers that are right, whatever goes wrong around them", async () => {
    const report = await simulate(orders, { ...rightOptions, seedCount: 40 });
    expect(report.seedCount).toBe(40);
    expect(report.chainCount).toBeGreaterThan(100);
    // Some run again: a crash or a lost reply hit them.
    expect(report.attemptCount).toBeGreaterThan(2 * report.chainCount);
    const missing = simulatedFaults.filter((fault) => report.faults[fault] === 0);
    expect(missing).toEqual([]);
  });

  it("finds a charge that is not idempotent, and tells how to see it again", async () => {
    const options = shopOptions((_, token) => token, true);
    const error = await failureOf(options);
    expect(error.invariant).toBe("no order is charged twice");
    expect(error.seed).toBe(1);
    expect(error.replay.steps.length).toBeLessThanOrEqual(2);
    expect(error.message).toContain(JSON.stringify(error.replay));
    expect(error.story.some((line) => line.includes("fault: "))).toBe(true);

    const again = await failureOf({ ...options, replay: error.replay });
    expect(again.invariant).toBe(error.invariant);
    expect(again.story).toEqual(error.story);
  });

  it("finds a write that does not commit with its job", async () => {
    const error = await failureOf(shopOptions(({ id }) => id, false));
    expect(error.invariant).toBe("an order is shipped once, and when its chain completes");
  });

  it("finds a job that nobody handles", async () => {
    const error = await failureOf({
      ...rightOptions,
      handlers: () => ({
        "order.charge": async ({ job, continueWith }) =>
          continueWith({ type: "order.ship", input: job.input }),
      }),
    });
    expect(error.invariant).toBe("every chain comes to rest");
    expect(error.message).toContain(`("order.ship") is still ready`);
  });

  it("fails for an error that a step throws, not for an outage", async () => {
    const error = await failureOf({
      ...rightOptions,
      start: async () => {
        throw new RangeError("a mistake of the step's own");
      },
    });
    expect(error.invariant).toBe("a step");
    expect(error.cause).toBeInstanceOf(RangeError);
  });

  it("repeats a run from its seed, line by line", async () => {
    const traceOf = async (seed: number): Promise<readonly string[]> => {
      const lines: string[] = [];
      await simulate(orders, {
        ...rightOptions,
        seed,
        seedCount: 1,
        trace: (line) => lines.push(line),
      });
      return lines;
    };
    const [first, second, other] = [await traceOf(4), await traceOf(4), await traceOf(5)];
    expect(first.length).toBeGreaterThan(50);
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it("injects no fault that is left out", async () => {
    const report = await simulate(orders, { ...rightOptions, without: simulatedFaults });
    expect(Object.values(report.faults).every((count) => count === 0)).toBe(true);
    // Nothing runs twice then.
    expect(report.attemptCount).toBe(2 * report.chainCount);
  });

  it("refuses options out of range, and handlers that do not fit the job types", async () => {
    await expect(simulate(orders, { ...rightOptions, seedCount: 0 })).rejects.toThrow(
      OptionInvalidError,
    );
    await expect(
      simulate(orders, {
        ...rightOptions,
        handlers: ({ client }) => {
          const set = defineHandlers(client, orders, {
            "order.ship": async () => ({ shipped: true }),
          });
          return [set, set];
        },
      }),
    ).rejects.toThrow(HandlerDuplicateError);
  });
});
