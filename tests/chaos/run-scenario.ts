import { setTimeout as wait } from "node:timers/promises";

import {
  createPostgresProxy,
  type PostgresProxy,
  type TestServer,
} from "@queuert/testkit/postgres";
import { createClient } from "queuert";
import { createRandom } from "queuert/testing";

import { drain, watchBacklog } from "./backlog.ts";
import { checkDatabase, type Findings } from "./check/checker.ts";
import type { ChaosDatabase } from "./databases/chaos-database.ts";
import { openLocation, type AdapterName, type Location } from "./databases/open-location.ts";
import { createPostgresDatabase } from "./databases/postgres-database.ts";
import { createSqliteDatabase } from "./databases/sqlite-database.ts";
import type { Fault, FaultScope } from "./faults/fault.ts";
import { checkFairness, createObservations, type Observations } from "./observations.ts";
import { startFleet, type Fleet } from "./processes/fleet.ts";
import type { Scenario } from "./scenarios.ts";
import { jobTypes } from "./workload/job-types.ts";
import { beginStarting, type Starter } from "./workload/starters.ts";

export interface RunOptions {
  readonly scenario: Scenario;
  readonly adapter: AdapterName;
  /** How long faults happen. */
  readonly seconds: number;
  /** Chooses the faults and the work. What they meet is up to the machine: a seed does not repeat a run. */
  readonly seed: number;
  /** For PostgreSQL. */
  readonly server?: TestServer | undefined;
}

/** What a run came to. */
export interface RunResult extends Findings {
  readonly scenario: string;
  readonly adapter: AdapterName;
  readonly seed: number;
  /** From the first start to the end of the last chain. */
  readonly seconds: number;
  /** How often chains were started in each way, and how often a start failed by a fault. */
  readonly starts: Readonly<Record<string, number>>;
  /** How often each kind of fault happened. */
  readonly faults: Readonly<Record<string, number>>;
  /** What the workers told of it, as far as they lived to. */
  readonly seen: Readonly<Record<string, number>>;
  /** Chains that somebody waited for, and heard of. */
  readonly awaitedCount: number;
  /** For a run that failed: where its database is. */
  readonly howToLook: string | undefined;
}

const openChainCountMax = 300;
const drainMs = 120_000;
const lateAwaitMs = 30_000;
const worker = { concurrency: 10, leaseMs: 1_500, pollIntervalMs: 250 };

/** Lets faults happen to a fleet at work; then all has to come to its end, and the ledger is compared with what was started. */
export async function runScenario(options: RunOptions): Promise<RunResult> {
  const database = await createDatabase(options);
  let result: RunResult | undefined;
  try {
    result = await runIn(database, options);
    return result;
  } finally {
    if (result?.violations.length === 0) await database.drop();
    else await database.close();
  }
}

async function createDatabase({ adapter, server }: RunOptions): Promise<ChaosDatabase> {
  if (adapter === "sqlite") return createSqliteDatabase();
  if (server === undefined) throw new Error("invariant: a run on PostgreSQL has a server");
  return createPostgresDatabase(server);
}

async function runIn(database: ChaosDatabase, options: RunOptions): Promise<RunResult> {
  const { scenario, adapter, seed } = options;
  const observations = createObservations();
  const work = await letWorkHappen(database, options, observations);
  if (scenario.isFairToTheLiving === true) checkFairness(observations);
  const findings = await checkDatabase(database);
  const violations = [...observations.surprises, ...findings.violations];
  return {
    ...findings,
    ...work,
    violations,
    scenario: scenario.name,
    adapter,
    seed,
    faults: Object.fromEntries(observations.faults),
    seen: Object.fromEntries(observations.seen),
    howToLook: violations.length === 0 ? undefined : database.howToLook,
  };
}

/** Faults, and the end of all work after them. */
async function letWorkHappen(
  database: ChaosDatabase,
  { scenario, seed, seconds, server }: RunOptions,
  observations: Observations,
): Promise<Pick<RunResult, "seconds" | "starts" | "awaitedCount">> {
  const random = createRandom(seed);
  const memberCount = scenario.memberCount ?? 3;
  const network = await openNetwork(database, scenario.hasNetwork === true ? memberCount + 1 : 0);
  const locationOf = (place: number): Location =>
    placedLocation(database.location, network[place]?.url, scenario.poolSizeOf?.(place));
  const own = openLocation(locationOf(memberCount));
  if (scenario.isEmpty !== true) await own.state.migrate();
  const fleet = await openFleet(scenario, memberCount, locationOf, observations);
  try {
    const client = await createClient({ jobTypes, state: own.state, notify: own.notify });
    const backlog = watchBacklog(database);
    const beganAt = performance.now();
    const faultsEndAt = beganAt + seconds * 1_000;
    const starter = beginStarting({
      client,
      random: random.fork("work"),
      isBacklogFull: () => backlog.openCount() >= openChainCountMax,
      onSurprise: observations.surprise,
    });
    try {
      await letFaultsHappen(scenario.createFaults(), {
        random: random.fork("faults"),
        database,
        fleet,
        client,
        own,
        network,
        server,
        leftMs: () => faultsEndAt - performance.now(),
        count: observations.countFault,
      });
    } finally {
      await starter.stop();
      await backlog.end();
    }
    // With all faults over, each chain has to come to its end.
    const openCount = await drain(database, drainMs);
    if (openCount > 0)
      observations.surprise(`${drainMs} ms after the faults ${openCount} chains are open.`);
    const ranMs = performance.now() - beganAt;
    const awaitedCount = await hearAll(starter, observations);
    await fleet.stop();
    await client.close();
    await own.close();
    return { seconds: ranMs / 1_000, starts: Object.fromEntries(starter.counts), awaitedCount };
  } finally {
    fleet.dispose();
    await Promise.all(network.map(async (proxy) => proxy.dispose()));
  }
}

async function openNetwork(
  { location }: ChaosDatabase,
  count: number,
): Promise<readonly PostgresProxy[]> {
  if (location.adapter !== "postgres") return [];
  return Promise.all(Array.from({ length: count }, async () => createPostgresProxy(location.url)));
}

function placedLocation(
  location: Location,
  url: string | undefined,
  poolSize: number | undefined,
): Location {
  if (location.adapter === "sqlite") return location;
  return { ...location, url: url ?? location.url, poolSize: poolSize ?? location.poolSize };
}

async function openFleet(
  scenario: Scenario,
  memberCount: number,
  locationOf: (place: number) => Location,
  { takeSeen, surprise }: Observations,
): Promise<Fleet> {
  return startFleet({
    memberCount,
    settingsOf: (place, life) => ({
      ...worker,
      location: locationOf(place),
      name: `place ${place}, life ${life}`,
      // One finds everything by polling (P7).
      hasNotify: place > 0,
      clockSkewMs: scenario.clockSkewMsOf?.(place) ?? 0,
      isMigrating: scenario.isEmpty === true && life === 1,
    }),
    onSeen: takeSeen,
    onSurprise: surprise,
  });
}

/** Each fault goes its own way. Resolves when the last one is over. */
async function letFaultsHappen(faults: readonly Fault[], scope: FaultScope): Promise<void> {
  await Promise.all(
    faults.map(async ({ everyMs, strike }) => {
      for (;;) {
        await wait(Math.max(0, Math.min(scope.random.between(...everyMs), scope.leftMs())));
        if (scope.leftMs() <= 0) return;
        await strike(scope);
      }
    }),
  );
}

/** Whoever awaited a chain has to be told of its end. Answers how many were. */
async function hearAll(starter: Starter, { surprise }: Observations): Promise<number> {
  const isLate = new Error("Not everybody who awaited a chain was told of its end.");
  const late = wait(lateAwaitMs, isLate, { ref: false }).then((error) => Promise.reject(error));
  try {
    return await Promise.race([starter.awaited(), late]);
  } catch (error) {
    surprise(String(error));
    return 0;
  }
}
