import { SeverityNumber, SpanKind, type Attributes } from "@opentelemetry/api";
import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { DataPointType } from "@opentelemetry/sdk-metrics";
import type { EmittedEvent } from "queuert";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { useGlobalContext, type Observatory } from "../fixtures/observatory.ts";
import type { Stage } from "../fixtures/stage.ts";
import { stores, type Store } from "../fixtures/stores.ts";
import { tellStory } from "../fixtures/story.ts";
import { attributeNames, conventionsVersion } from "./attributes.ts";

/** The compiler sees to it that none is missing. */
const allEvents: Readonly<Record<EmittedEvent["name"], true>> = {
  "chain.started": true,
  "chain.deduplicated": true,
  "chain.closed": true,
  "chain.redriven": true,
  "chain.deleted": true,
  "chains.retired": true,
  "job.continued": true,
  "job.completedWithoutWorker": true,
  "job.unblocked": true,
  "job.triggered": true,
  "job.rescheduled": true,
  "attempt.started": true,
  "attempt.ended": true,
  "attempt.aborted": true,
  "attempt.reaped": true,
  "type.paused": true,
  "type.resumed": true,
  "worker.started": true,
  "worker.stopping": true,
  "worker.stopped": true,
  "worker.leaseLost": true,
  "store.unavailable": true,
  "store.recovered": true,
  "notify.unavailable": true,
  "notify.recovered": true,
  "callback.failed": true,
  "operate.action": true,
};

/** The names of attributes, each once, in order. */
function namesOf(list: readonly Attributes[]): readonly string[] {
  return [...new Set(list.flatMap((attributes) => Object.keys(attributes)))].toSorted();
}

function groupBy<TItem>(
  items: readonly TItem[],
  keyOf: (item: TItem) => string,
): [string, TItem[]][] {
  const groups = new Map<string, TItem[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups].toSorted(([left], [right]) => (left < right ? -1 : 1));
}

function spanLines(observatory: Observatory): readonly string[] {
  return groupBy(observatory.spans(), ({ name }) => name)
    .filter(([name]) => name !== "request")
    .flatMap(([name, spans]) => [
      `span ${name} ${SpanKind[spans[0]!.kind]}`,
      ...namesOf(spans.map(({ attributes }) => attributes)).map((key) => `  ${key}`),
      ...groupBy(
        spans.flatMap(({ links }) => links),
        ({ attributes }) => String(attributes?.["queuert.link.relation"]),
      ).flatMap(([relation, links]) => [
        `  link ${relation}`,
        ...namesOf(links.map(({ attributes = {} }) => attributes)).map((key) => `    ${key}`),
      ]),
    ]);
}

async function metricLines(observatory: Observatory): Promise<readonly string[]> {
  const metrics = await observatory.metrics();
  return metrics
    .toSorted((left, right) => (left.descriptor.name < right.descriptor.name ? -1 : 1))
    .flatMap((metric) => {
      const { name, unit } = metric.descriptor;
      const [first] = metric.dataPoints;
      const boundaries =
        metric.dataPointType === DataPointType.HISTOGRAM
          ? ` [${metric.dataPoints[0]!.value.buckets.boundaries.join(" ")}]`
          : "";
      if (first === undefined) return [];
      return [
        `metric ${name} ${DataPointType[metric.dataPointType]} ${unit}${boundaries}`,
        ...namesOf(metric.dataPoints.map(({ attributes }) => attributes)).map((key) => `  ${key}`),
      ];
    });
}

function logLines(observatory: Observatory): readonly string[] {
  return groupBy(observatory.logs(), ({ eventName }) => eventName ?? "").flatMap(
    ([name, records]) => [
      `log ${name} ${[...new Set(records.map(({ severityNumber }) => SeverityNumber[severityNumber!]))].toSorted().join(" ")}${
        records.some(({ spanContext }) => spanContext !== undefined) ? " in a span" : ""
      }`,
      ...namesOf(records.map(({ attributes }) => attributes)).map((key) => `  ${key}`),
    ],
  );
}

describe.each(stores)("on $name", ({ open }) => {
  let store: Store;
  let stage: Stage;
  beforeAll(async () => {
    useGlobalContext();
    const clock = { nowMs: Date.now() };
    store = await open({ clock: () => clock.nowMs });
    stage = await tellStory(store, clock, { instrument: { receive: true } });
  });
  afterAll(async () => {
    await stage.close();
    await store.dispose();
  });

  test("spans, metrics and log records have the attributes of the snapshot", async () => {
    const { observatory } = stage;
    const lines = [
      ...spanLines(observatory),
      ...(await metricLines(observatory)),
      ...logLines(observatory),
    ];
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(
      `conventions-${conventionsVersion}.snapshot.txt`,
    );
  });

  test("metrics carry no ids", async () => {
    const ids = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}|stage|dead/;
    for (const { name, attributes } of await stage.observatory.points())
      for (const value of Object.values(attributes)) expect(String(value), name).not.toMatch(ids);
  });

  test("the story tells every event", () => {
    const told = new Set(stage.events.map(({ name }) => name));
    expect([...told].toSorted()).toEqual(Object.keys(allEvents).toSorted());
  });
});

test("names are those of the conventions", () => {
  const known = new Set<unknown>(Object.values(conventions));
  for (const name of Object.values(attributeNames)) expect(known, name).toContain(name);
});
