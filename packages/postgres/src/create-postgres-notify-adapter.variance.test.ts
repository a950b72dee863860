import { setTimeout as pause } from "node:timers/promises";
import { PGlite } from "@electric-sql/pglite";
import {
  createFaultProxy,
  createTestName,
  findMainServerUrl,
  openPgBouncer,
  openTestServer,
  query,
} from "@queuert/testkit/postgres";
import pg from "pg";
import postgres from "postgres";
import { createClient, createWorker, defineJobTypes, type EmittedEvent } from "queuert";
import type { NotifyAdapter, WakeUpTopic } from "queuert/adapter";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import {
  createPostgresNotifyAdapter,
  type PostgresNotifyAdapterOptions,
} from "./create-postgres-notify-adapter.ts";
import { createPostgresStateAdapter } from "./create-postgres-state-adapter.ts";
import { nameChannel } from "./notify/channel-name.ts";
import type { PostgresListener } from "./notify/listener.ts";
import {
  createNodePostgresListener,
  createNodePostgresProvider,
} from "./providers/node-postgres.ts";
import { createPgliteListener, createPgliteProvider } from "./providers/pglite.ts";
import { createPostgresJsListener } from "./providers/postgres-js.ts";

const serverTimeoutMs = 300_000;
const work: WakeUpTopic = { kind: "type", type: "work" };

let url: string;
let schema: string;
let cleanups: (() => Promise<unknown>)[];

beforeAll(async () => {
  url = await findMainServerUrl();
}, serverTimeoutMs);
beforeEach(() => {
  schema = createTestName();
  cleanups = [];
});
afterEach(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
  await query(url, `DROP SCHEMA IF EXISTS ${schema} CASCADE`);
});

/** What a process has: a pool, and adapters on it. `statements` are those that were sent through the pool. */
interface Process {
  readonly pool: pg.Pool;
  readonly statements: string[];
  readonly state: ReturnType<typeof createPostgresStateAdapter<pg.PoolClient>>;
  readonly openNotify: (options?: Partial<PostgresNotifyAdapterOptions>) => NotifyAdapter;
}

function openProcess(serverUrl: string = url): Process {
  const pool = new pg.Pool({ connectionString: serverUrl, application_name: schema });
  pool.on("error", () => undefined);
  cleanups.push(() => pool.end());
  const provider = createNodePostgresProvider({ pool });
  const statements: string[] = [];
  const state = createPostgresStateAdapter({
    provider: {
      ...provider,
      query(tx, statement) {
        statements.push(statement.text);
        return provider.query(tx, statement);
      },
    },
    schema,
    isPrepared: false,
  });
  return {
    pool,
    statements,
    state,
    openNotify(options) {
      const notify = createPostgresNotifyAdapter({
        state,
        listener: createNodePostgresListener({ pool }),
        ...options,
      });
      cleanups.push(() => notify.close());
      return notify;
    },
  };
}

/** A subscription that notes at each call whether there is an outage. */
interface Subscriber {
  readonly outages: (Error | undefined)[];
  /** Resolves at once, or after the next call that makes it true. */
  until(isMet: () => boolean): Promise<void>;
  close(): Promise<void>;
}

async function subscribe(
  notify: NotifyAdapter,
  topics: readonly WakeUpTopic[] = [work],
): Promise<Subscriber> {
  const outages: (Error | undefined)[] = [];
  let onCall = (): void => undefined;
  const { close } = await notify.subscribe({
    topics,
    onWakeUp: () => {
      outages.push(notify.outage);
      onCall();
    },
  });
  return {
    outages,
    close,
    until: async (isMet) =>
      new Promise<void>((resolve) => {
        onCall = () => {
          if (isMet()) resolve();
        };
        onCall();
      }),
  };
}

/** A publish of another process reaches the subscriber. */
async function expectHeard(publisher: NotifyAdapter, subscriber: Subscriber): Promise<void> {
  const before = subscriber.outages.length;
  await publisher.publish([work]);
  await subscriber.until(() => subscriber.outages.length > before);
}

/** Connections of this test's processes whose last statement was a LISTEN. */
async function countListening(): Promise<number> {
  const rows = await query(
    url,
    "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND query LIKE 'LISTEN %'",
    [schema],
  );
  return rows.length;
}

async function untilListening(count: number): Promise<void> {
  while ((await countListening()) !== count);
}

/** A listener that counts its connections, each to the address that is current then. */
function createCountingListener(findUrl: () => string) {
  let connectionCount = 0;
  return {
    connectionCount: () => connectionCount,
    listener: createNodePostgresListener({
      createClient() {
        connectionCount += 1;
        return new pg.Client({ connectionString: findUrl(), application_name: schema });
      },
    }),
  };
}

describe("statements and connections", () => {
  it("B9: ten thousand subscriptions cost one connection and one LISTEN", async () => {
    const notify = openProcess().openNotify();
    const subscriptions = await Promise.all(
      Array.from({ length: 10_000 }, async (_, index) =>
        subscribe(notify, [{ kind: "chain", chainId: `chain-${index}` }]),
      ),
    );
    expect(await countListening()).toBe(1);
    await openProcess()
      .openNotify()
      .publish([{ kind: "chain", chainId: "chain-9999" }]);
    const last = subscriptions[9_999]!;
    await last.until(() => last.outages.length > 0);
    expect(subscriptions[0]!.outages).toEqual([]);
    await notify.close();
    await untilListening(0);
  });

  it("takes no client of the pool to listen, and none to publish only", async () => {
    const { pool, openNotify, statements } = openProcess();
    await openNotify().publish([work]);
    expect([await countListening(), statements.length]).toEqual([0, 1]);
    await subscribe(openNotify());
    expect([await countListening(), pool.totalCount]).toEqual([1, 1]);
  });

  it("gives its connection up when it is quiet and nobody subscribes, and takes one again", async () => {
    const notify = openProcess().openNotify({ selfTestIntervalMs: 100 });
    const subscriber = await subscribe(notify);
    await untilListening(1);
    await subscriber.close();
    await untilListening(0);
    await expectHeard(openProcess().openNotify(), await subscribe(notify));
    expect(notify.outage).toBeUndefined();
  });

  it("a publish does not wait for the disk, and what the connection does next does", async () => {
    const { openNotify, statements } = openProcess();
    await openNotify().publish([work]);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    cleanups.push(() => client.end());
    const readSetting = async (): Promise<unknown> =>
      (await client.query("SHOW synchronous_commit")).rows[0];
    const before = await readSetting();
    await client.query("BEGIN");
    await client.query(statements.at(-1)!, ["channel", "{payload}"]);
    expect(await readSetting()).toEqual({ synchronous_commit: "off" });
    await client.query("COMMIT");
    expect(await readSetting()).toEqual(before);
    expect(before).not.toEqual({ synchronous_commit: "off" });
  });

  it("publishes what comes together in two statements, and wakes its own subscribers without the server", async () => {
    const { openNotify, statements } = openProcess();
    const notify = openNotify();
    const subscriber = await subscribe(notify);
    // The rest after it is over: what comes now goes at once.
    await notify.publish([{ kind: "type", type: "other" }]);
    await pause(20);
    const before = statements.length;
    const published = Array.from({ length: 100 }, async () => notify.publish([work]));
    await subscriber.until(() => subscriber.outages.length > 0);
    expect(statements.length).toBe(before + 1);
    await Promise.all(published);
    expect(statements.length).toBe(before + 2);
    expect(subscriber.outages).toHaveLength(1);
  });

  it("P6: publishes nothing inside of a transaction, and nothing of one that was rolled back", async () => {
    const { state, openNotify, statements } = openProcess();
    await state.migrate();
    const jobTypes = defineJobTypes<{ work: { entry: true } }>();
    const client = await createClient({ jobTypes, state, notify: openNotify() });
    const listening = await subscribe(openProcess().openNotify());
    const countNotifies = () => statements.filter((text) => text.includes("pg_notify")).length;
    const failed = client.transaction(async (tx) => {
      await client.startChain({ tx, type: "work" });
      throw new Error("No.");
    });
    await expect(failed).rejects.toThrow("No.");
    expect(countNotifies()).toBe(0);
    await client.transaction(async (tx) => {
      await client.startChains({ tx, chains: [{ type: "work" }, { type: "work" }] });
      expect(countNotifies()).toBe(0);
    });
    await listening.until(() => listening.outages.length > 0);
    expect([countNotifies(), listening.outages.length]).toEqual([1, 1]);
  });

  it("P1 P6: a commit past the client wakes workers where that is asked for, and a rollback does not", async () => {
    const { pool, openNotify } = openProcess();
    const state = createPostgresStateAdapter({
      provider: createNodePostgresProvider({ pool }),
      schema,
      isNotifyingInTransactions: true,
    });
    await state.migrate();
    const jobTypes = defineJobTypes<{ work: { entry: true } }>();
    const client = await createClient({ jobTypes, state });
    const notify = openNotify();
    const subscriber = await subscribe(notify);
    const startIn = async (end: "ROLLBACK" | "COMMIT"): Promise<void> => {
      const tx = await pool.connect();
      await tx.query("BEGIN");
      await client.startChains({ tx, chains: [{ type: "work" }, { type: "work" }] });
      await tx.query(end);
      tx.release();
    };
    await startIn("ROLLBACK");
    // What was heard before the witness hears is heard: messages keep the order of the commits.
    const witness = await subscribe(notify, [{ kind: "chain", chainId: "witness" }]);
    await openProcess()
      .openNotify()
      .publish([{ kind: "chain", chainId: "witness" }]);
    await witness.until(() => witness.outages.length > 0);
    expect(subscriber.outages).toEqual([]);
    await startIn("COMMIT");
    await subscriber.until(() => subscriber.outages.length > 0);
  });

  it("P9: strangers' messages on its channel, and its own on other channels, harm nobody", async () => {
    const notify = openProcess().openNotify();
    const subscriber = await subscribe(notify);
    const channel = nameChannel({ schema, tablePrefix: "" });
    for (const payload of ["", "hello", "a\nb\nc:d", "\n\n"])
      await query(url, "SELECT pg_notify($1, $2)", [channel, payload]);
    await query(url, "SELECT pg_notify($1, $2)", [channel.toUpperCase(), "x\nt:work"]);
    await expectHeard(openProcess().openNotify(), subscriber);
    expect(subscriber.outages).toEqual([undefined]);
  });
});

describe.each<[string, () => PostgresListener]>([
  ["node-postgres", () => createCountingListener(() => url).listener],
  [
    "postgres.js",
    () =>
      createPostgresJsListener({
        open: (options) => postgres(url, { ...options, connection: { application_name: schema } }),
      }),
  ],
])("a connection of %s", (_, createListener) => {
  it("that an administrator ends is noticed at once and replaced, and subscribers are called", async () => {
    const publisher = openProcess().openNotify();
    const notify = openProcess().openNotify({ listener: createListener() });
    const subscriber = await subscribe(notify);
    await expectHeard(publisher, subscriber);
    await query(
      url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND query LIKE 'LISTEN %'",
      [schema],
    );
    const { outages } = subscriber;
    await subscriber.until(() => outages.some((outage) => outage !== undefined));
    await subscriber.until(() => outages.at(-1) === undefined);
    await expectHeard(publisher, subscriber);
    expect(await countListening()).toBe(1);
  });
});

it("P9: two installations in PGlite hear their own wake-ups", async () => {
  const db = await PGlite.create();
  cleanups.push(() => db.close());
  const open = (tablePrefix: string): NotifyAdapter => {
    const notify = createPostgresNotifyAdapter({
      state: createPostgresStateAdapter({ provider: createPgliteProvider({ db }), tablePrefix }),
      listener: createPgliteListener({ db }),
    });
    cleanups.push(() => notify.close());
    return notify;
  };
  const mine = await subscribe(open(""));
  const sibling = await subscribe(open("B_"));
  await expectHeard(open(""), mine);
  expect(sibling.outages).toEqual([]);
  await expectHeard(open("B_"), sibling);
  expect(mine.outages).toHaveLength(1);
});

describe("faults", () => {
  it("B1: a half-open connection is noticed by the self-test and replaced by another", async () => {
    const proxy = await createFaultProxy({ target: addressOf(url) });
    cleanups.push(() => proxy.dispose());
    let currentUrl = withAddress(url, proxy);
    const { listener, connectionCount } = createCountingListener(() => currentUrl);
    const publisher = openProcess().openNotify();
    const notify = openProcess().openNotify({
      listener,
      selfTestIntervalMs: 100,
      timeoutMs: 1_000,
    });
    const subscriber = await subscribe(notify);
    await expectHeard(publisher, subscriber);
    proxy.blackHole();
    currentUrl = url;
    const { outages } = subscriber;
    await subscriber.until(() => outages.some((outage) => outage !== undefined));
    await subscriber.until(() => outages.at(-1) === undefined);
    expect(connectionCount()).toBeGreaterThanOrEqual(2);
    await expectHeard(publisher, subscriber);
  });

  it(
    "B3 B4: a server that is away for a while finds everybody subscribed when it is back",
    async () => {
      const server = await openTestServer();
      cleanups.push(() => server.dispose());
      const { listener, connectionCount } = createCountingListener(() => server.url);
      const publisher = openProcess(server.url).openNotify();
      const notify = openProcess(server.url).openNotify({ listener });
      const subscriber = await subscribe(notify);
      await server.stop("immediate");
      const { outages } = subscriber;
      await subscriber.until(() => outages.some((outage) => outage !== undefined));
      await expect(publisher.publish([work])).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      // Subscribing neither waits for the server nor fails without it.
      const late = await subscribe(notify);
      await server.start();
      await subscriber.until(() => outages.at(-1) === undefined);
      await late.until(() => late.outages.at(-1) === undefined && late.outages.length > 0);
      await Promise.all([expectHeard(publisher, subscriber), expectHeard(publisher, late)]);
      expect(connectionCount()).toBeLessThan(15);
    },
    serverTimeoutMs,
  );

  it(
    "B2: behind a pooler in transaction mode it says that nothing is heard, and the work is done by polling",
    async ({ skip }) => {
      const bouncer = await openPgBouncer(url);
      if (bouncer === undefined) return skip("PgBouncer cannot be had.");
      cleanups.push(() => bouncer.dispose());
      const { listener, connectionCount } = createCountingListener(() => bouncer.url);
      const { state, openNotify } = openProcess(bouncer.url);
      await state.migrate();
      const notify = openNotify({ listener, timeoutMs: 500 });
      const told: EmittedEvent[] = [];
      let onTold = (): void => undefined;
      const untilTold = new Promise<void>((resolve) => (onTold = resolve));
      const jobTypes = defineJobTypes<{ work: { entry: true; output: string } }>();
      const client = await createClient({
        jobTypes,
        state,
        notify,
        events: [
          (events) => {
            told.push(...events.filter(({ name }) => name.startsWith("notify.")));
            if (told.length > 0) onTold();
          },
        ],
      });
      const worker = createWorker(client, {
        pollIntervalMs: 100,
        handlers: { work: async () => "done" },
      });
      await worker.start();
      cleanups.push(() => worker.stop());
      await untilTold;
      const quiet = await createClient({ jobTypes, state: openProcess().state });
      const chain = await quiet.startChain({ tx: "autocommit", type: "work" });
      expect((await client.awaitChain({ chain, timeoutMs: 20_000 })).output).toBe("done");
      expect(told).toMatchObject([
        {
          name: "notify.unavailable",
          error: { message: expect.stringContaining("pooler in transaction mode") },
        },
      ]);
      expect(connectionCount()).toBeLessThan(15);
    },
    serverTimeoutMs,
  );

  it(
    "B2: it publishes through a pooler in transaction mode, and hears past it",
    async ({ skip }) => {
      const bouncer = await openPgBouncer(url);
      if (bouncer === undefined) return skip("PgBouncer cannot be had.");
      cleanups.push(() => bouncer.dispose());
      const { listener } = createCountingListener(() => url);
      const notify = openProcess(bouncer.url).openNotify({ listener });
      const subscriber = await subscribe(notify);
      expect(notify.outage).toBeUndefined();
      await expectHeard(openProcess(bouncer.url).openNotify(), subscriber);
    },
    serverTimeoutMs,
  );
});

describe("options", () => {
  it("refuses a state adapter of another kind, a pool that does not tell, and times out of range", () => {
    const { state, pool } = openProcess();
    const listener = createNodePostgresListener({ pool });
    const refused = expect.objectContaining({ code: "STORE_SETUP_INVALID" });
    expect(() => createPostgresNotifyAdapter({ state: {} as never, listener })).toThrow(refused);
    expect(() => createNodePostgresListener({ pool: { options: {} } })).toThrow(refused);
    for (const times of [{ timeoutMs: 0 }, { selfTestIntervalMs: 10 }, { timeoutMs: NaN }])
      expect(() => createPostgresNotifyAdapter({ state, listener, ...times })).toThrow(refused);
  });

  it("refuses work once it is closed, and closing twice is fine", async () => {
    const notify = openProcess().openNotify();
    const subscriber = await subscribe(notify);
    const published = notify.publish([work]);
    await notify.close();
    await notify.close();
    await published;
    expect(subscriber.outages).toEqual([]);
    await expect(notify.publish([work])).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(subscribe(notify)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });
});

function addressOf(serverUrl: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(serverUrl);
  return { host: hostname, port: Number(port || "5432") };
}

function withAddress(
  serverUrl: string,
  { host, port }: { readonly host: string; readonly port: number },
): string {
  const moved = new URL(serverUrl);
  moved.host = `${host}:${port}`;
  return moved.href;
}
