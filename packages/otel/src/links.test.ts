import { context, propagation, trace, type Link, type SpanContext } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { afterEach, beforeAll, describe, expect, test } from "vitest";

import { inSpan, useGlobalContext } from "./fixtures/observatory.ts";
import { openStage, quietHandlers, type Stage, startOrder } from "./fixtures/stage.ts";
import { stores, type Store } from "./fixtures/stores.ts";
import type { OpenTelemetryOptions } from "./options.ts";

beforeAll(useGlobalContext);

let store: Store;
let stage: Stage;
let nowMs: number;

async function openWith(
  open: (typeof stores)[number]["open"],
  options: OpenTelemetryOptions = {},
): Promise<Stage> {
  nowMs = Date.now();
  store = await open({ clock: () => nowMs });
  stage = await openStage(store.state, options);
  return stage;
}

afterEach(async () => {
  await stage.close();
  await store.dispose();
});

/** The ids that a link or a parent points at. */
function idsOf(target: SpanContext | ReadableSpan): { traceId: string; spanId: string } {
  const { traceId, spanId } = "spanContext" in target ? target.spanContext() : target;
  return { traceId, spanId };
}

function linksOf(span: ReadableSpan, relation: string): readonly object[] {
  return span.links
    .filter(({ attributes }: Link) => attributes?.["queuert.link.relation"] === relation)
    .map((link) => idsOf(link.context));
}

function named(name: string): readonly ReadableSpan[] {
  return stage.observatory.spans().filter((span) => span.name === name);
}

describe.each(stores)("on $name", ({ open }) => {
  test("a chain is one trace: each span stands beneath what brought it about", async () => {
    const { client, observatory } = await openWith(open);
    const rate = await client.startChain({ tx: "autocommit", type: "rate" });
    await stage.work();
    const order = await inSpan(observatory, "request", () =>
      client.startChain({ tx: "autocommit", type: "order", input: { id: 1 }, blockers: { rate } }),
    );
    await client.awaitChain({ chain: order });
    const span = (name: string): ReadableSpan => observatory.span(name);
    const parents = [
      ["start_chain order", "request"],
      ["process order", "start_chain order"],
      ["complete order", "process order"],
      ["continue_with ship", "complete order"],
      ["process ship", "continue_with ship"],
      ["complete ship", "process ship"],
    ] as const;
    for (const [child, parent] of parents)
      expect(span(child).parentSpanContext, child).toMatchObject(idsOf(span(parent)));
    expect(linksOf(span("process order"), "creation")).toEqual([idsOf(span("start_chain order"))]);
    expect(linksOf(span("process ship"), "creation")).toEqual([idsOf(span("continue_with ship"))]);
    expect(linksOf(span("process ship"), "predecessor")).toEqual([idsOf(span("process order"))]);
    expect(span("process order").attributes["queuert.trace.mode"]).toBe("parent");
  });

  test("an attempt is linked to the one before it", async () => {
    const { client } = await openWith(open);
    await client.startChain({ tx: "autocommit", type: "note" });
    await stage.work({
      ...quietHandlers,
      note: async ({ job }) => {
        if (job.attempt < 3) throw new Error("not yet");
        return "noted";
      },
    });
    const attempts = named("process note");
    expect(attempts.map((span) => linksOf(span, "previous_attempt"))).toEqual([
      [],
      [idsOf(attempts[0]!)],
      [idsOf(attempts[1]!)],
    ]);
    expect(attempts.map(({ attributes }) => attributes["queuert.job.attempt"])).toEqual([1, 2, 3]);
    expect(new Set(attempts.map((span) => span.spanContext().traceId)).size).toBe(1);
  });

  test("an attempt is linked to what completed its blockers, and each wait has a span", async () => {
    const { client, observatory } = await openWith(open);
    const { rate } = await startOrder(client);
    expect(linksOf(observatory.span("start_chain order"), "blocker")).toEqual([
      idsOf(observatory.span("start_chain rate")),
    ]);
    const createdAtMs = nowMs;
    nowMs += 2_000;
    await stage.work();
    const rateEnd = idsOf(observatory.span("process rate"));
    expect(linksOf(observatory.span("process order"), "blocker")).toEqual([rateEnd]);
    const wait = observatory.span("await_blocker rate");
    expect(wait.parentSpanContext).toMatchObject(idsOf(observatory.span("start_chain order")));
    expect(linksOf(wait, "blocker")).toEqual([rateEnd]);
    expect(
      [wait.startTime, wait.endTime].map(([seconds, nanos]) => seconds * 1_000 + nanos / 1e6),
    ).toEqual([createdAtMs, nowMs]);
    expect(wait.attributes).toMatchObject({
      "queuert.blocker.slot": "rate",
      "queuert.blocker.chain.id": rate.id,
      "queuert.blocker.chain.type": "rate",
    });
  });

  test("a blocker that was completed without a worker is linked to by the call that did it", async () => {
    const { client, observatory } = await openWith(open);
    const { rate } = await startOrder(client);
    await client.completeChain({ tx: "autocommit", chain: rate, type: "rate", output: 4 });
    await stage.work();
    expect(linksOf(observatory.span("process order"), "blocker")).toEqual([
      idsOf(observatory.span("complete_externally rate")),
    ]);
  });

  test("a start that finds a chain is linked to that chain's, also from another process", async () => {
    const { client, observatory } = await openWith(open);
    const deduplication = { key: "once" };
    await client.startChain({ tx: "autocommit", type: "note", deduplication });
    const other = await openStage(store.state);
    await other.client.startChain({ tx: "autocommit", type: "note", deduplication });
    const [again] = other.observatory.spans();
    expect(linksOf(again!, "deduplicated")).toEqual([idsOf(observatory.span("start_chain note"))]);
    expect(again!.attributes["queuert.chain.deduplicated"]).toBe(true);
    await other.close();
  });

  test("a batch is linked to a span for each of its chains, up to twenty", async () => {
    const { client, observatory } = await openWith(open);
    const chains = (count: number) =>
      Array.from({ length: count }, () => ({ type: "note" as const }));
    await client.startChains({ tx: "autocommit", chains: chains(3) });
    expect(linksOf(observatory.span("start_chains note"), "message")).toEqual(
      named("create note").map(idsOf),
    );
    await client.startChains({ tx: "autocommit", chains: chains(21) });
    expect(named("create note").length).toBe(3);
    const [, many] = named("start_chains note");
    expect(many!.attributes["messaging.batch.message_count"]).toBe(21);
    await stage.work();
    const parents = named("process note").map((span) => span.parentSpanContext!.spanId);
    expect(parents.filter((spanId) => spanId === many!.spanContext().spanId).length).toBe(21);
  });

  test.each([
    ["auto", 0, "parent"],
    ["auto", 300_001, "link"],
    ["parent", 300_001, "parent"],
    ["link", 0, "link"],
    ["none", 0, "none"],
  ] as const)("trace mode %s, %i ms after the start: %s", async (traceMode, waitMs, applied) => {
    const { client, observatory } = await openWith(open, { traceMode });
    const chain = await client.startChain({ tx: "autocommit", type: "note" });
    nowMs += waitMs;
    await stage.work();
    const start = observatory.span("start_chain note");
    const attempt = observatory.span("process note");
    expect(attempt.attributes["queuert.trace.mode"]).toBe(applied);
    expect(attempt.parentSpanContext?.spanId).toBe(
      applied === "parent" ? start.spanContext().spanId : undefined,
    );
    expect(linksOf(attempt, "creation")).toEqual(applied === "none" ? [] : [idsOf(start)]);
    await client.awaitChain({ chain });
    const wait = observatory.span("wait_chain note");
    expect(wait.links.length).toBe(applied === "none" ? 0 : 1);
  });

  test("auto: a job that was scheduled for later has a trace of its own, and its retries too", async () => {
    const { client, observatory } = await openWith(open);
    await client.startChain({ tx: "autocommit", type: "note", delayMs: 1_000 });
    nowMs += 1_000;
    await stage.work({
      ...quietHandlers,
      note: async ({ job }) => {
        if (job.attempt === 1) throw new Error("not yet");
        return "noted";
      },
    });
    expect(named("process note").length).toBe(2);
    const start = observatory.span("start_chain note");
    for (const attempt of named("process note")) {
      expect(attempt.parentSpanContext).toBeUndefined();
      expect(linksOf(attempt, "creation")).toEqual([idsOf(start)]);
    }
  });

  test("auto: a chain that goes on and on does not stay in one trace", async () => {
    const { client } = await openWith(open, { traceDurationMsMax: 10_000 });
    await startOrder(client);
    await stage.work({
      ...quietHandlers,
      order: async ({ job, continueWith }) => {
        nowMs += 60_000;
        return continueWith({ type: "ship", input: job.input });
      },
    });
    const [ship] = named("process ship");
    expect(ship!.attributes["queuert.trace.mode"]).toBe("link");
  });

  test("a handler runs inside its attempt's span, its commit too", async () => {
    const { client, observatory } = await openWith(open);
    await client.startChain({ tx: "autocommit", type: "note" });
    const active: (string | undefined)[] = [];
    const look = (): void => void active.push(trace.getActiveSpan()?.spanContext().spanId);
    await stage.work({
      note: async ({ commit }) => {
        look();
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        look();
        return commit(async () => {
          look();
          return "noted";
        });
      },
    });
    const { spanId } = observatory.span("process note").spanContext();
    expect(active).toEqual([spanId, spanId, spanId]);
  });

  test("a worker's own work is in nobody's trace, whoever woke it", async () => {
    const { client, observatory } = await openWith(open);
    const seen: (string | undefined)[] = [];
    const exchange = store.state.exchange.bind(store.state);
    store.state.exchange = (params) => {
      seen.push(trace.getActiveSpan()?.spanContext().traceId);
      return exchange(params);
    };
    await stage.work(quietHandlers);
    await inSpan(observatory, "request", async () => {
      const note = await client.startChain({ tx: "autocommit", type: "note" });
      await client.awaitChain({ chain: note });
    });
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.every((traceId) => traceId === undefined)).toBe(true);
  });

  test("baggage goes with a job where it was opted in, and nowhere else", async () => {
    const carried: (string | undefined)[] = [];
    for (const hasBaggage of [false, true]) {
      await openWith(open, { hasBaggage });
      const baggage = propagation.createBaggage({ tenant: { value: "a" } });
      await context.with(propagation.setBaggage(context.active(), baggage), () =>
        stage.client.startChain({ tx: "autocommit", type: "note" }),
      );
      await stage.work({
        note: async () => {
          carried.push(propagation.getActiveBaggage()?.getEntry("tenant")?.value);
          return "noted";
        },
      });
      if (hasBaggage) break;
      await stage.close();
      await store.dispose();
    }
    expect(carried).toEqual([undefined, "a"]);
  });
});
