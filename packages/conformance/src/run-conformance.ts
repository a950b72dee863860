import type { ConformanceCase, ConformanceSuite } from "./case.ts";
import { ConformanceFailure, expect } from "./expect.ts";
import type { ConformanceFixture, ConformanceStore } from "./fixture.ts";
import { countOutcomes, type CaseReport, type ConformanceReport } from "./report.ts";
import {
  openNotifyContext,
  openStateContext,
  type NotifyContext,
  type OpenedContext,
  type StateContext,
} from "./state-context.ts";
import { listSuites, type AnySuite } from "./suites.ts";
import { createSeededRandom, hashText, type SeededRandom } from "./support/random.ts";

/** One case that a fixture is to run. */
export interface PlannedCase {
  readonly suite: AnySuite;
  readonly name: string;
  readonly tags: readonly string[];
}

/** Which adapter to run, and which of the cases. */
export interface RunConformanceOptions {
  readonly fixture: ConformanceFixture;
  /** Default: every suite of the fixture's kinds. */
  readonly suites?: readonly AnySuite[] | undefined;
  /** Runs the cases whose suite or name contains this text, and leaves the check for stale skips out. */
  readonly filter?: string | undefined;
  /** Decides the order of the cases and all chance in them. Default: by chance. */
  readonly shuffleSeed?: number | undefined;
  /** A case that takes longer has failed: it waits for something that never comes. Default: 60,000 ms. */
  readonly caseTimeoutMs?: number | undefined;
}

/** Runs the cases one after another in an order decided by the seed. Never rejects because of a case: look at `counts.failed`. */
export async function runConformance(options: RunConformanceOptions): Promise<ConformanceReport> {
  const {
    fixture,
    filter,
    shuffleSeed = Math.floor(Math.random() * 4_294_967_296),
    caseTimeoutMs = 60_000,
  } = options;
  const planned = planCases(fixture, options.suites).filter(
    (entry) =>
      filter === undefined ||
      `${entry.suite.kind}/${entry.suite.name} ${entry.name}`.includes(filter),
  );
  const cases: CaseReport[] = [];
  for (const entry of createSeededRandom(shuffleSeed).shuffle(planned)) {
    cases.push(await runConformanceCase({ fixture, planned: entry, shuffleSeed, caseTimeoutMs }));
  }
  if (filter === undefined && options.suites === undefined)
    cases.push(...staleSkips(fixture, planned));
  return { adapter: fixture.name, shuffleSeed, cases, counts: countOutcomes(cases) };
}

/** The cases that a fixture has to answer, in the order of the suites. */
export function planCases(
  fixture: ConformanceFixture,
  suites: readonly AnySuite[] = listSuites(),
): PlannedCase[] {
  return suites
    .filter((suite) => fixture.kinds.includes(suite.kind))
    .flatMap((suite) => suite.cases.map(({ name, tags }) => ({ suite, name, tags })));
}

/** Runs one case on a store of its own, and judges it by the fixture's table of skips. */
export async function runConformanceCase(options: {
  readonly fixture: ConformanceFixture;
  readonly planned: PlannedCase;
  readonly shuffleSeed: number;
  readonly caseTimeoutMs: number;
}): Promise<CaseReport> {
  const { fixture, planned } = options;
  const found = planned.suite.cases.find((candidate) => candidate.name === planned.name)!;
  const reason = fixture.skips.find((skip) => skip.case === found.name)?.reason;
  const head = {
    kind: planned.suite.kind,
    suite: planned.suite.name,
    name: found.name,
    tags: found.tags,
  };
  const startedMs = performance.now();
  const answer = (rest: Pick<CaseReport, "outcome" | "reason" | "error">): CaseReport => ({
    ...head,
    ...rest,
    durationMs: performance.now() - startedMs,
  });

  if (found.needs !== undefined && !fixture.capabilities.includes(found.needs)) {
    if (reason !== undefined) return answer({ outcome: "skipped", reason });
    return answer({
      outcome: "failed",
      error: `The case needs "${found.needs}", which the fixture does not have, and the fixture's skips do not name it.`,
    });
  }
  const error = await attemptCase(options, found.name);
  if (reason === undefined)
    return error === undefined
      ? answer({ outcome: "passed" })
      : answer({ outcome: "failed", error });
  if (error !== undefined) return answer({ outcome: "skipped", reason });
  return answer({
    outcome: "failed",
    error: "The case passes, but the fixture's skips name it. Take it from the table.",
  });
}

async function attemptCase(
  options: {
    readonly fixture: ConformanceFixture;
    readonly planned: PlannedCase;
    readonly shuffleSeed: number;
    readonly caseTimeoutMs: number;
  },
  name: string,
): Promise<string | undefined> {
  const random = createSeededRandom(options.shuffleSeed ^ hashText(name));
  try {
    const store = await options.fixture.createStore();
    try {
      await runOnStore(options.planned.suite, name, store, random, options.caseTimeoutMs);
    } finally {
      await store.dispose();
    }
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

async function runOnStore(
  suite: AnySuite,
  name: string,
  store: ConformanceStore,
  random: SeededRandom,
  timeoutMs: number,
): Promise<void> {
  switch (suite.kind) {
    case "state":
      return runInContext<StateContext>(
        suite as ConformanceSuite<StateContext>,
        name,
        await openStateContext(store, random),
        timeoutMs,
      );
    case "notify":
      return runInContext<NotifyContext>(
        suite as ConformanceSuite<NotifyContext>,
        name,
        await openNotifyContext(store, random),
        timeoutMs,
      );
    case "behaviour":
      return runInContext<ConformanceStore>(
        suite as ConformanceSuite<ConformanceStore>,
        name,
        { context: store, close: async () => {} },
        timeoutMs,
      );
  }
}

async function runInContext<TContext>(
  suite: ConformanceSuite<TContext>,
  name: string,
  opened: OpenedContext<TContext>,
  timeoutMs: number,
): Promise<void> {
  const found: ConformanceCase<TContext> = suite.cases.find(
    (candidate) => candidate.name === name,
  )!;
  await withDeadline(found.run(opened.context, expect), timeoutMs);
  // Only after success: a case that hangs has left an operation open, and closing would wait for it for ever.
  await opened.close();
}

async function withDeadline(run: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new ConformanceFailure(
            `The case was not over after ${timeoutMs} ms: it waits for something that never comes.`,
          ),
        ),
      timeoutMs,
    );
  });
  try {
    await Promise.race([run, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function staleSkips(fixture: ConformanceFixture, planned: readonly PlannedCase[]): CaseReport[] {
  const names = new Set(planned.map((entry) => entry.name));
  return fixture.skips
    .filter((skip) => !names.has(skip.case))
    .map((skip) => ({
      kind: "state",
      suite: "skips",
      name: skip.case,
      tags: [],
      outcome: "failed",
      error: "The fixture's skips name a case that does not exist. Take it from the table.",
      durationMs: 0,
    }));
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { readonly code?: string };
  const head = error.stack ?? `${error.name}: ${error.message}`;
  const cause = error.cause === undefined ? "" : `\ncaused by ${describeError(error.cause)}`;
  return `${code === undefined ? "" : `[${code}] `}${head}${cause}`;
}
