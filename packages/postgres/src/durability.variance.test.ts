import { createTestName, findMainServerUrl } from "@queuert/testkit/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  createPostgresStateAdapter,
  type PostgresStateAdapter,
} from "./create-postgres-state-adapter.ts";
import { newChain } from "./new-chain.fixture.ts";
import { newWorker } from "./new-worker.fixture.ts";
import { createNodePostgresProvider } from "./providers/node-postgres.ts";
import type { PostgresProvider, PostgresStatement } from "./providers/provider.ts";

const schema = createTestName();
const worker = newWorker();
const { workerId } = worker;
const claim = { types: [{ type: "work", limit: 1 }], slots: 1, ahead: 0 };
const exchange = { workerId, settlements: [], started: [], claim: undefined };

let client: pg.Client;
let state: PostgresStateAdapter<pg.Client>;
let last: PostgresStatement;

beforeAll(async () => {
  client = new pg.Client({ connectionString: await findMainServerUrl() });
  await client.connect();
  await client.query("SET synchronous_commit = on");
  const provider = createNodePostgresProvider({ client });
  const observed: PostgresProvider<pg.Client> = {
    ...provider,
    query(tx, statement) {
      last = statement;
      return provider.query(tx, statement);
    },
  };
  state = createPostgresStateAdapter({ provider: observed, schema });
  await state.migrate();
  await register();
});

afterAll(async () => {
  await client.query(`DROP SCHEMA ${schema} CASCADE`);
  await client.end();
});

/** The setting that an operation's statement leaves to its commit. It is run a second time, in a transaction that can be looked at. */
async function settingOf(run: () => Promise<unknown>): Promise<unknown> {
  await run();
  await client.query("BEGIN");
  await client.query(last.text, [...last.values]);
  const { rows } = await client.query("SHOW synchronous_commit");
  await client.query("ROLLBACK");
  return rows[0].synchronous_commit;
}

async function register(): Promise<void> {
  await state.registerWorker(worker);
}

describe("a commit waits for the disk", () => {
  it.each<readonly [name: string, run: () => Promise<unknown>]>([
    ["start", () => state.startChains({ tx: undefined, chains: [newChain()] })],
    ["claim", () => state.exchange({ ...exchange, claim })],
    ["registration", register],
    ["reap", () => state.reap({ limit: 1, attemptLimits: [] })],
  ])("of a %s", async (_, run) => {
    expect(await settingOf(run)).toBe("on");
  });

  it("of an exchange that settles", async () => {
    await state.startChains({ tx: undefined, chains: [newChain()] });
    const { claimed } = await state.exchange({ ...exchange, claim });
    expect(claimed).toHaveLength(1);
    const settlements = claimed.map(({ chainId, chainIndex, claimNo }) => ({
      chainId,
      chainIndex,
      claimNo,
      outcome: { kind: "completed", output: undefined } as const,
    }));
    expect(await settingOf(() => state.exchange({ ...exchange, settlements }))).toBe("on");
  });
});

describe("a commit does not wait for the disk, since what is lost is written again", () => {
  it.each<readonly [name: string, run: () => Promise<unknown>]>([
    [
      "renewal",
      () => state.renew({ workerId, leaseMs: 600_000, held: [], started: [], progress: [] }),
    ],
    ["promotion", () => state.promote({ limit: 1 })],
  ])("of a %s", async (_, run) => {
    expect(await settingOf(run)).toBe("off");
  });
});
