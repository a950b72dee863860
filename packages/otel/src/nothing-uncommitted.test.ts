import { context, trace } from "@opentelemetry/api";
import { createClient } from "queuert";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { createObservatory, useGlobalContext, type Observatory } from "./fixtures/observatory.ts";
import { jobTypes, openStage, quietHandlers, type Stage, startOrder } from "./fixtures/stage.ts";
import { stores, type Store } from "./fixtures/stores.ts";

beforeAll(useGlobalContext);

class UserError extends Error {}

const rollBack = (): never => {
  throw new UserError("The user's code fails.");
};

/** Everything that has left, in one look. */
async function allNews(
  observatory: Observatory,
): Promise<{ spans: readonly string[]; logs: readonly string[]; points: readonly string[] }> {
  return {
    spans: observatory.spanNames(),
    logs: observatory.logs().map(({ eventName }) => eventName!),
    points: (await observatory.points()).map(({ name }) => name),
  };
}

const nothing = { spans: [], logs: [], points: [] };

describe.each(stores)("P6 on $name", ({ open }) => {
  let store: Store;
  let stage: Stage;
  beforeEach(async () => {
    store = await open();
    stage = await openStage(store.state);
  });
  afterEach(async () => {
    await stage.close();
    await store.dispose();
  });

  test("a start that rolls back emits nothing", async () => {
    const { client, observatory } = stage;
    await expect(
      client.transaction(async (tx) => {
        await client.startChain({ tx, type: "note" });
        await client.startChains({ tx, chains: [{ type: "note" }, { type: "rate" }] });
        rollBack();
      }),
    ).rejects.toThrow(UserError);
    expect(await allNews(observatory)).toEqual(nothing);
  });

  test("a start emits when its transaction has committed, and not before", async () => {
    const { client, observatory } = stage;
    await client.transaction(async (tx) => {
      await client.startChain({ tx, type: "note" });
      expect(await allNews(observatory)).toEqual(nothing);
    });
    expect(await allNews(observatory)).toEqual({
      spans: ["start_chain note"],
      logs: ["queuert.chain.started"],
      points: ["messaging.client.sent.messages", "messaging.client.operation.duration"],
    });
  });

  test("a savepoint that rolls back emits nothing of its part, the rest is told", async () => {
    const { client, observatory } = stage;
    await client.transaction(async (tx) => {
      await client.startChain({ tx, type: "note" });
      await client
        .savepoint({ tx }, async () => {
          await client.startChain({ tx, type: "rate" });
          await client.savepoint({ tx }, async () => client.startChain({ tx, type: "rate" }));
          rollBack();
        })
        .catch(() => undefined);
    });
    expect((await allNews(observatory)).spans).toEqual(["start_chain note"]);
    expect(await observatory.points("messaging.client.sent.messages")).toMatchObject([
      { value: 1, attributes: { "messaging.destination.name": "note" } },
    ]);
  });

  test("hooks of a transaction that the user opens emit after it, and nothing when it rolls back", async () => {
    const { client, observatory } = stage;
    const startForeign = (after: () => void): Promise<unknown> =>
      client.withTransactionHooks((hooks) =>
        store.state.transaction(async (tx) => {
          await client.startChain({ tx, hooks, type: "note" });
          await hooks
            .savepoint(() =>
              store.state.savepoint(tx, async () => {
                await client.startChain({ tx, hooks, type: "rate" });
                rollBack();
              }),
            )
            .catch(() => undefined);
          after();
        }),
      );
    await expect(startForeign(rollBack)).rejects.toThrow(UserError);
    expect(await allNews(observatory)).toEqual(nothing);
    await startForeign(() => {});
    expect((await allNews(observatory)).spans).toEqual(["start_chain note"]);
  });

  test("a start that nobody can observe is told by its first claim, in the trace that was active", async () => {
    const { client, observatory } = stage;
    await expect(
      store.state.transaction(async (tx) => {
        await client.startChain({ tx, type: "rate" });
        rollBack();
      }),
    ).rejects.toThrow(UserError);
    const request = observatory.providers.tracerProvider.getTracer("test").startSpan("request");
    await context.with(trace.setSpan(context.active(), request), () =>
      store.state.transaction(async (tx) => client.startChain({ tx, type: "note" })),
    );
    expect(await allNews(observatory)).toEqual(nothing);
    await stage.work();
    request.end();
    const start = observatory.span("start_chain note");
    const { traceId, spanId } = request.spanContext();
    expect(start.parentSpanContext).toMatchObject({ traceId, spanId });
    expect(start.startTime).toEqual(start.endTime);
    expect(observatory.span("process note").spanContext().traceId).toBe(traceId);
    expect(observatory.spanNames()).not.toContain("start_chain rate");
  });

  test("a commit that rolls back emits nothing of its continuation, its completion and its starts", async () => {
    const { client, observatory } = stage;
    const { order } = await startOrder(client);
    await stage.work(
      {
        ...quietHandlers,
        order: async ({ job, commit, continueWith }) => {
          const ended = await commit(async (tx) => {
            await client.startChain({ tx, type: "note" });
            if (job.attempt === 1) rollBack();
            return continueWith({ type: "ship", input: job.input });
          });
          return ended;
        },
      },
      { maxAttempts: 2 },
    );
    await client.awaitChain({ chain: order });
    const names = observatory.spanNames();
    const count = (name: string): number => names.filter((other) => other === name).length;
    expect({
      attempts: count("process order"),
      fails: count("fail order"),
      completes: count("complete order"),
      continuations: count("continue_with ship"),
      notes: count("start_chain note"),
    }).toEqual({ attempts: 2, fails: 1, completes: 1, continuations: 1, notes: 1 });
    const sent = await observatory.points("messaging.client.sent.messages");
    expect(
      sent.filter(({ attributes }) => attributes["messaging.destination.name"] === "note"),
    ).toMatchObject([{ value: 1 }]);
  });

  test("an unblocking is told by whoever completed the last blocker, and not when that rolls back", async () => {
    const { client, observatory } = stage;
    const { rate } = await startOrder(client);
    const before = await allNews(observatory);
    const complete = (after: () => void): Promise<unknown> =>
      client.transaction(async (tx) => {
        await client.completeChain({ tx, chain: rate, type: "rate", output: 4 });
        after();
      });
    await expect(complete(rollBack)).rejects.toThrow(UserError);
    expect(await allNews(observatory)).toEqual(before);
    await complete(() => {});
    const { logs, spans } = await allNews(observatory);
    expect(spans.slice(before.spans.length)).toEqual(["complete_externally rate"]);
    expect(logs.slice(before.logs.length)).toEqual([
      "queuert.job.completed_without_worker",
      "queuert.chain.closed",
      "queuert.job.unblocked",
    ]);
    expect(await observatory.points("queuert.job.blocked.duration")).toMatchObject([{ value: 1 }]);
  });

  test("actions that roll back emit nothing", async () => {
    const { client, observatory } = stage;
    const { id } = await client.startChain({ tx: "autocommit", type: "note", delayMs: 60_000 });
    const before = await allNews(observatory);
    await expect(
      client.transaction(async (tx) => {
        await client.reschedule({ tx, chainIds: [id], delayMs: 1 });
        await client.trigger({ tx, chainIds: [id] });
        await client.cancel({ tx, chainIds: [id] });
        await client.deleteChains({ tx, chainIds: [id] });
        await client.operate.pauseTypes({ tx, types: ["note"] });
        rollBack();
      }),
    ).rejects.toThrow(UserError);
    expect(await allNews(observatory)).toEqual(before);
  });

  test("an attempt whose lease was lost tells that it was lost, and nothing that it would have written", async () => {
    const { client, observatory } = stage;
    const note = await client.startChain({ tx: "autocommit", type: "note" });
    let cancelled: Promise<unknown> | undefined;
    await stage.work({
      note: async ({ commit }) => {
        cancelled ??= client.cancel({ tx: "autocommit", chainIds: [note.id] });
        await cancelled;
        return commit(async () => "noted");
      },
    });
    expect(observatory.span("process note").attributes).toMatchObject({
      "queuert.attempt.outcome": "cancelled",
      "queuert.attempt.lost_reason": "cancelled",
    });
    expect(observatory.spanNames()).not.toContain("complete note");
  });

  test("a process that dies between the commit and its news loses them, and invents none", async () => {
    const observatory = createObservatory();
    let die = (): void => {};
    const died = new Promise<void>((resolve) => {
      die = resolve;
    });
    const dying = await createClient({
      jobTypes,
      state: {
        ...store.state,
        // The commit is done; whoever asked for it never hears of it.
        async transaction(run: (tx: unknown) => Promise<unknown>): Promise<never> {
          await store.state.transaction(run);
          die();
          return new Promise(() => {});
        },
      },
      telemetry: observatory.telemetry,
    });
    void dying.transaction(async (tx) => dying.startChain({ tx, type: "note" }));
    await died;
    expect(await allNews(observatory)).toEqual(nothing);
    // The chain is there: another process runs it, and tells what it has seen itself.
    await stage.work();
    expect(stage.observatory.spanNames()).toEqual(["complete note", "process note"]);
    expect(await stage.observatory.points("messaging.client.sent.messages")).toEqual([]);
    expect(await stage.observatory.points("messaging.client.consumed.messages")).toMatchObject([
      { value: 1 },
    ]);
  });
});
