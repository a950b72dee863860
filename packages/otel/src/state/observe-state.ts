import type { Attributes, BatchObservableResult, Meter, Observable } from "@opentelemetry/api";

import {
  attributeNames as names,
  ownAttributeNames as own,
  toSeconds,
} from "../conventions/attributes.ts";
import type { StateSnapshot } from "./state-snapshot.ts";

/** What there is to report. */
export type StateReport =
  | { readonly kind: "known"; readonly snapshot: StateSnapshot }
  /** Another process reports. */
  | { readonly kind: "elsewhere" }
  /** It is this process's to say, and it has not heard from the database for too long. */
  | { readonly kind: "unknown" };

interface Series {
  readonly observable: Observable;
  readonly attributes: Attributes;
}

/**
 * Observes reports whenever metrics are collected.
 *
 * A reader of the JavaScript SDK that accumulates repeats the last value of a series that is not observed any more, for ever. So every series that
 * was reported once goes on being observed: as 0 where another process reports, which leaves sums and maxima over processes right; and as
 * no number where nobody knows.
 */
export function observeState(meter: Meter, report: () => StateReport): void {
  const gauges = createGauges(meter);
  const reported = new Map<string, Series>();
  const observe = (result: BatchObservableResult): void => {
    const current = report();
    const unreported = new Map(reported);
    const points = current.kind === "known" ? pointsOf(gauges, current.snapshot) : [];
    for (const { observable, attributes, value } of points) {
      const key = keyOf(gauges, observable, attributes);
      reported.set(key, { observable, attributes });
      unreported.delete(key);
      result.observe(observable, value, attributes);
    }
    const instead = current.kind === "unknown" ? Number.NaN : 0;
    for (const { observable, attributes } of unreported.values())
      result.observe(observable, instead, attributes);
  };
  meter.addBatchObservableCallback(observe, Object.values(gauges));
}

type Gauges = Readonly<Record<"jobCount" | "readyAge" | "workerCount" | "chainCount", Observable>>;

function createGauges(meter: Meter): Gauges {
  const gauge = (name: string, unit: string, description: string): Observable =>
    meter.createObservableGauge(name, { unit, description });
  return {
    jobCount: gauge(
      "queuert.job.count",
      "{job}",
      "Jobs that are not over, and failed ones. 10,000 means at least as many.",
    ),
    readyAge: gauge(
      "queuert.job.ready.age",
      "s",
      "How long the oldest ready job has been ready, by the database's clock.",
    ),
    workerCount: gauge("queuert.worker.count", "{worker}", "Live workers that handle a job type."),
    chainCount: gauge(
      "queuert.chain.count",
      "{chain}",
      "Open and failed chains. 10,000 means at least as many.",
    ),
  };
}

function* pointsOf(
  gauges: Gauges,
  { types, chains }: StateSnapshot,
): Generator<Series & { readonly value: number }, void> {
  const { jobCount, readyAge, workerCount, chainCount } = gauges;
  for (const { type, counts, oldestReadyMs, workerCount: value } of types) {
    const attributes = { [names.destination]: type };
    for (const [state, count] of Object.entries(counts)) {
      const ofState = { ...attributes, [own.jobState]: state };
      yield { observable: jobCount, attributes: ofState, value: count };
    }
    yield { observable: readyAge, attributes, value: toSeconds(oldestReadyMs ?? 0) };
    yield { observable: workerCount, attributes, value };
  }
  for (const { chainType, status, count } of chains) {
    const attributes = { [own.chainType]: chainType, [own.chainStatus]: status };
    yield { observable: chainCount, attributes, value: count };
  }
}

function keyOf(gauges: Gauges, observable: Observable, attributes: Attributes): string {
  return JSON.stringify([Object.values(gauges).indexOf(observable), attributes]);
}
