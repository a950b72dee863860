import { readFileSync } from "node:fs";

import { parser } from "@prometheus-io/lezer-promql";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";

import { useGlobalContext } from "./fixtures/observatory.ts";
import { stores } from "./fixtures/stores.ts";
import { tellStory } from "./fixtures/story.ts";

// The dashboard and the alerts of the example, against what is really exported.

const folder = new URL("../../../examples/prometheus/", import.meta.url);
const readText = (name: string): string => readFileSync(new URL(name, folder), "utf8");

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly annotations: { readonly summary: string };
    }[];
  }[];
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly datasource?: unknown;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly templating: { readonly list: readonly { readonly name: string }[] };
  readonly panels: readonly Panel[];
}

const rules = (parse(readText("alert-rules.yml")) as Rules).groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(readText("grafana-dashboard.json")) as Dashboard;

const expressions = [
  ...rules.map(({ alert, expr }) => ({ of: `alert ${alert}`, expr })),
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr }) => ({
      of: `panel "${title}" ${refId}`,
      // As Grafana fills it in.
      expr: expr.replaceAll("$__rate_interval", "1m").replaceAll("$type", ".*"),
    })),
  ),
];

/** Series by name, with the labels that each has. */
let exported: Map<string, Set<string>>;

beforeAll(async () => {
  useGlobalContext();
  const clock = { nowMs: Date.now() };
  const store = await stores[0]!.open({ clock: () => clock.nowMs });
  const stage = await tellStory(store, clock);
  exported = new Map();
  for (const line of (await stage.observatory.prometheusText()).split("\n")) {
    const [, name, labels = ""] = /^(?<name>[a-z_]+)(?:\{(?<labels>.*)\})? /.exec(line) ?? [];
    if (name === undefined) continue;
    const known = exported.get(name) ?? new Set();
    for (const [, label] of labels.matchAll(/(?<label>[a-z_]+)="/g)) known.add(label!);
    exported.set(name, known);
  }
  await stage.close();
  await store.dispose();
});

interface Selector {
  readonly matches: (name: string) => boolean;
  readonly labels: readonly string[];
}

interface Query {
  readonly errors: readonly string[];
  readonly selectors: readonly Selector[];
  /** Labels by which series are grouped or matched. */
  readonly grouping: readonly string[];
}

function readQuery(expr: string): Query {
  const errors: string[] = [];
  const selectors: { name: string | undefined; pattern: string | undefined; labels: string[] }[] =
    [];
  const grouping: string[] = [];
  const text = (node: { readonly from: number; readonly to: number }): string =>
    expr.slice(node.from, node.to);
  parser.parse(expr).iterate({
    enter(node) {
      if (node.type.isError) errors.push(`at ${node.from}: ${text(node)}`);
      if (node.name === "VectorSelector")
        selectors.push({ name: undefined, pattern: undefined, labels: [] });
      const selector = selectors.at(-1);
      if (node.name === "Identifier" && selector !== undefined) selector.name = text(node);
      if (node.name === "UnquotedLabelMatcher" && selector !== undefined) {
        const [, label, value] = /^(?<label>\w+)\s*[!=~]+\s*"(?<value>.*)"$/s.exec(text(node))!;
        if (label === "__name__") selector.pattern = value;
        else selector.labels.push(label!);
      }
      if (node.name === "GroupingLabels")
        grouping.push(...[...text(node).matchAll(/\w+/g)].map(([label]) => label));
    },
  });
  return {
    errors,
    grouping,
    selectors: selectors.map(({ name, pattern, labels }) => ({
      matches: (candidate) =>
        pattern === undefined ? candidate === name : new RegExp(`^(?:${pattern})$`).test(candidate),
      labels,
    })),
  };
}

describe("every expression", () => {
  test.each(expressions)("of $of is PromQL about what is exported", ({ expr }) => {
    const { errors, selectors, grouping } = readQuery(expr);
    expect(errors).toEqual([]);
    expect(selectors.length).toBeGreaterThan(0);
    const allLabels = new Set<string>(["le"]);
    for (const { matches, labels } of selectors) {
      const names = [...exported.keys()].filter(matches);
      expect(names, expr).not.toEqual([]);
      for (const name of names) for (const label of exported.get(name)!) allLabels.add(label);
      for (const label of labels) expect([...exported.get(names[0]!)!], expr).toContain(label);
    }
    for (const label of grouping) expect([...allLabels], expr).toContain(label);
  });
});

test("a metric that is not exported would be found", () => {
  const { selectors } = readQuery(
    'sum by (le) (rate({__name__=~"queuert_job_waiting(_seconds)?"}[5m]))',
  );
  expect(selectors.map(({ matches }) => [...exported.keys()].some(matches))).toEqual([false]);
  expect(readQuery("sum by (le (rate(queuert_job_count[5m]))").errors).not.toEqual([]);
});

test("alerts have names of their own and say what is wrong", () => {
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  for (const { annotations } of rules) expect(annotations.summary).not.toBe("");
});

test("Prometheus loads the alerts", () => {
  const configuration = parse(readText("prometheus.yml")) as {
    readonly rule_files: readonly string[];
  };
  expect(configuration.rule_files).toEqual(["alert-rules.yml"]);
});

test("the dashboard loads without edits: one variable data source, panels that do not overlap", () => {
  expect(dashboard.templating.list.map(({ name }) => name)).toEqual(["datasource", "type"]);
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  const charts = dashboard.panels.filter(({ type }) => type !== "row");
  expect(new Set(charts.map(({ datasource }) => JSON.stringify(datasource)))).toEqual(
    new Set(['{"type":"prometheus","uid":"${datasource}"}']),
  );
  const taken = new Set<string>();
  for (const { title, gridPos } of dashboard.panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(x, title).toBeLessThan(24);
        expect(taken.has(`${x}:${y}`), title).toBe(false);
        taken.add(`${x}:${y}`);
      }
    }
  }
});
