import { readFile } from "node:fs/promises";

import { beforeAll, expect, test } from "vitest";

import type { OtlpReceiver, ReceivedSpan } from "./fixtures/otlp-receiver.ts";
import { describeSpan, growTrees, tellOverOtlp, type SpanTree } from "./fixtures/tell-over-otlp.ts";

// Two processes, a real database file, real OTLP: what a backend would have.

let received: Omit<OtlpReceiver, "close">;
beforeAll(async () => {
  received = await tellOverOtlp();
}, 40_000);

function draw({ span, children }: SpanTree, spans: readonly ReceivedSpan[]): readonly string[] {
  const nameOf = (spanId: string): string =>
    spans.find((other) => other.spanId === spanId)?.name ?? "?";
  return [
    describeSpan(span),
    ...span.links.map(
      ({ spanId, attributes }) =>
        `  ~ ${String(attributes["queuert.link.relation"])}: ${nameOf(spanId)}`,
    ),
    ...children.flatMap((child) => draw(child, spans)).map((line) => `  ${line}`),
  ];
}

test("a whole chain, with a retry and a blocker, is read back as one story", () => {
  const trees = growTrees(received.spans);
  const story = trees.find(({ span }) => span.name === "POST /orders")!;
  expect(draw(story, received.spans).join("\n")).toMatchInlineSnapshot(`
    "shop: POST /orders
      shop: start_chain rate
        shop-worker: process rate attempt 1, completed
          ~ creation: start_chain rate
          shop-worker: GET /rates
          shop-worker: complete rate, completed
      shop: start_chain order
        ~ blocker: start_chain rate
        shop-worker: await_blocker rate
          ~ blocker: process rate
        shop-worker: process order attempt 1, retried, TypeError
          ~ creation: start_chain order
          ~ blocker: process rate
          shop-worker: POST /charges
          shop-worker: fail order, retried
        shop-worker: process order attempt 2, continued
          ~ creation: start_chain order
          ~ previous_attempt: process order
          ~ blocker: process rate
          shop-worker: POST /charges
          shop-worker: complete order, continued
            shop-worker: continue_with ship
              shop-worker: process ship attempt 1, completed
                ~ creation: continue_with ship
                ~ predecessor: process order
                shop-worker: POST /parcels
                shop-worker: complete ship, completed"
  `);
  expect(
    new Set(
      received.spans
        .filter(({ name }) => !name.startsWith("wait_chain"))
        .map(({ traceId }) => traceId),
    ).size,
  ).toBe(1);
});

test("what rolled back is not there", () => {
  expect(received.spans.filter(({ name }) => name.endsWith("note"))).toEqual([]);
});

test("the failed attempt has a log record in its span, with the error", () => {
  const failed = received.spans.find(({ statusCode }) => statusCode === 2)!;
  const exceptions = received.logs.filter(
    ({ eventName }) => eventName === "messaging.process.exception",
  );
  expect(exceptions).toMatchObject([
    {
      traceId: failed.traceId,
      spanId: failed.spanId,
      attributes: {
        "exception.type": "TypeError",
        "exception.message": "The card service is busy.",
        "queuert.attempt.will_retry": true,
      },
    },
  ]);
});

test("metrics of both processes arrive", () => {
  expect([...received.metricNames]).toEqual(
    expect.arrayContaining([
      "messaging.client.sent.messages",
      "messaging.client.consumed.messages",
      "messaging.process.duration",
      "queuert.job.blocked.duration",
      "queuert.chain.duration",
    ]),
  );
});

test("the picture in the docs is of this story", async () => {
  const picture = await readFile(
    new URL("../../../docs/telemetry/trace.svg", import.meta.url),
    "utf8",
  );
  const drawn = [...picture.matchAll(/<title>(?<name>[^<]*)<\/title>/g)].map(
    ({ groups }) => groups!["name"],
  );
  const names = (tree: SpanTree): readonly string[] => [
    describeSpan(tree.span),
    ...tree.children.flatMap(names),
  ];
  const story = growTrees(received.spans).find(({ span }) => span.name === "POST /orders")!;
  expect(drawn).toEqual(names(story));
});
