import { diag, type Meter } from "@opentelemetry/api";

import { observeState } from "./observe-state.ts";
import { isElected, readState, type StateReads, type StateSnapshot } from "./state-snapshot.ts";

/** How the state of the database is reported. */
export interface StateReporterOptions {
  /** How often it is read. 1,000 to 60,000. Default 30,000. */
  intervalMs?: number;
  /**
   * `elected`: one process of all that share the database, the one with the oldest live worker, so that sums over processes are right.
   * `always`: this process in any case, for one that runs no worker and is there to watch. Default "elected".
   */
  reporter?: "elected" | "always";
  /** Also counts chains, which costs two bounded queries for each type that may begin one. Default true. */
  hasChainCounts?: boolean;
}

/** Reports what the database holds, until it is stopped. */
export interface StateReporter {
  /** Whether this process is the one that reports, as it was found last. */
  readonly isReporting: boolean;
  /** Reads now. A read that fails is told to OpenTelemetry's own log and leaves what was read before. */
  refresh(): Promise<void>;
  stop(): void;
}

/**
 * Begins to report: reads at once and then at intervals. What is collected between two reads is what was read last; a collection never waits
 * for the database. What is older than two intervals is reported as no number: none is better than a false one.
 */
export function startStateReporter(
  meter: Meter,
  client: { readonly inspect: StateReads },
  ownWorkerIds: ReadonlySet<string>,
  options: StateReporterOptions = {},
): StateReporter {
  const { intervalMs = 30_000, reporter = "elected", hasChainCounts = true } = options;
  if (!(intervalMs >= 1_000 && intervalMs <= 60_000))
    throw new RangeError(`intervalMs is ${intervalMs}. Give a number from 1,000 to 60,000.`);
  const { inspect } = client;
  const nowMs = (): number => performance.now();
  let snapshot: StateSnapshot | undefined;
  let isStopped = false;

  const read = async (): Promise<void> => {
    const isOurs = reporter === "always" || (await isElected(inspect, ownWorkerIds));
    const next = isOurs ? await readState(inspect, { hasChainCounts, nowMs }) : undefined;
    if (!isStopped) snapshot = next;
  };
  let reading: Promise<void> | undefined;
  // A slow database is not asked again before it has answered.
  const refresh = (): Promise<void> =>
    (reading ??= read()
      .catch((error: unknown) => diag.warn("queuert: the state could not be read", error))
      .finally(() => {
        reading = undefined;
      }));

  observeState(meter, () => {
    if (snapshot === undefined) return { kind: "elsewhere" };
    const isFresh = nowMs() - snapshot.readAtMs <= 2 * intervalMs;
    return isFresh ? { kind: "known", snapshot } : { kind: "unknown" };
  });
  void refresh();
  const timer = setInterval(() => void refresh(), intervalMs);
  // Node's timers keep the process alive unless told otherwise; a browser's are plain numbers.
  (timer as { unref?: () => void }).unref?.();
  return {
    get isReporting() {
      return snapshot !== undefined;
    },
    refresh,
    stop() {
      isStopped = true;
      snapshot = undefined;
      clearInterval(timer);
    },
  };
}
