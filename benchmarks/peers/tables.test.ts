import { expect, it } from "vitest";

import type { Results, WorkloadResult } from "./results.ts";
import { formatRatios } from "./tables.ts";

function workload(
  figure: string,
  medians: Readonly<Record<string, number>>,
): Results["workloads"][string] {
  const systems: WorkloadResult["systems"] = Object.fromEntries(
    Object.entries(medians).map(([system, median]) => [
      system,
      {
        figures: { [figure]: { median, min: median, max: median } },
        roundCount: 3,
        cutCount: 0,
        problems: [],
      },
    ]),
  );
  return { day: "day", machine: "machine", servers: "servers", command: "command", systems };
}

it("compares by the figure of each workload, of which more or less is better", () => {
  const ratios = formatRatios({
    limits: {},
    workloads: {
      "start-one": workload("perSecond", { queuert: 2_000, "pg-boss": 1_000, floor: 4_000 }),
      latency: workload("commitToStartP50", { queuert: 3, "pg-boss": 1.5 }),
      idle: workload("statementsPerSecond", { queuert: 0.5, "BullMQ on Redis": 0, DBOS: 5 }),
    },
  });
  const rows = ratios
    .split("\n")
    .flatMap((line) => (line.startsWith("|") ? [line.split("|").map((cell) => cell.trim())] : []));
  const cellOf = (name: string, system: string): string | undefined =>
    rows.find((row) => row[1] === name)?.[rows[0]!.indexOf(system)];
  expect(cellOf("start-one", "pg-boss")).toBe("2");
  expect(cellOf("start-one", "floor")).toBe("0.5");
  expect(cellOf("start-one", "DBOS")).toBe("–");
  expect(cellOf("latency", "pg-boss")).toBe("0.5");
  expect(cellOf("idle", "DBOS")).toBe("10");
  expect(cellOf("idle", "BullMQ on Redis")).toBe("–");
  expect(cellOf("drain-20k-c50", "pg-boss")).toBeUndefined();
});
