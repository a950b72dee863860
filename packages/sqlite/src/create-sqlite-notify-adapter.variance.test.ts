import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import type { NotifyAdapter, WakeUpTopic } from "queuert/adapter";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createSqliteNotifyAdapter } from "./create-sqlite-notify-adapter.ts";
import {
  clientNames,
  createSignal,
  createTestDatabase,
  newChain,
  type TestDatabase,
} from "./sqlite.fixture.ts";

const topics: readonly WakeUpTopic[] = [{ kind: "type", type: "work" }];

describe.each(clientNames)("notify with %s", (client) => {
  let database: TestDatabase;
  let opened: NotifyAdapter[];
  beforeEach(() => {
    database = createTestDatabase(client);
    opened = [];
  });
  afterEach(async () => {
    await Promise.all(opened.map(async (notify) => notify.close()));
    await database.dispose();
  });
  const open = (
    state: Parameters<typeof createSqliteNotifyAdapter>[0]["state"],
    intervalMs: number,
  ): NotifyAdapter => {
    const notify = createSqliteNotifyAdapter({ state, intervalMs });
    opened.push(notify);
    return notify;
  };

  it("P7: another session's commit wakes the subscribers, although nothing was published", async () => {
    const [state, other] = [await database.openMigrated(), await database.openMigrated()];
    const woken = createSignal();
    await open(state, 1).subscribe({ topics, onWakeUp: woken.send });
    await other.startChains({ tx: undefined, chains: [newChain()] });
    await expect(woken.reached).resolves.toBeUndefined();
  });

  it("P7: a connection of the user's own wakes them too", async () => {
    const state = await database.openMigrated();
    const woken = createSignal();
    await open(state, 1).subscribe({ topics, onWakeUp: woken.send });
    const connection = database.connect();
    connection.exec("BEGIN IMMEDIATE");
    await state.startChains({ tx: connection, chains: [newChain()] });
    connection.exec("COMMIT");
    await expect(woken.reached).resolves.toBeUndefined();
  });

  it("P7: another process's commit wakes the subscribers", async () => {
    const state = await database.openMigrated();
    const woken = createSignal();
    await open(state, 1).subscribe({ topics, onWakeUp: woken.send });
    const script = fileURLToPath(new URL("start-process.fixture.ts", import.meta.url));
    const ended = promisify(execFile)(process.execPath, [
      ...process.execArgv,
      script,
      database.filename,
    ]);
    await expect(Promise.all([ended, woken.reached])).resolves.toHaveLength(2);
  });

  it("P7: the session's own commits are no news: whoever makes them publishes", async () => {
    const [state, other] = [await database.openMigrated(), await database.openMigrated()];
    let callCount = 0;
    const woken = createSignal();
    await open(state, 1).subscribe({
      topics,
      onWakeUp: () => {
        callCount += 1;
        woken.send();
      },
    });
    for (let round = 0; round < 20; round++)
      await state.startChains({ tx: undefined, chains: [newChain()] });
    expect(callCount).toBe(0);
    await other.startChains({ tx: undefined, chains: [newChain()] });
    await woken.reached;
  });

  it("B9: looks at the file only while there are subscribers", async () => {
    const state = await database.openMigrated();
    let lookCount = 0;
    const provider = database.provider();
    const counting = database.open({
      provider: {
        ...provider,
        prepare(connection, sql) {
          const statement = provider.prepare(connection, sql);
          if (sql !== "PRAGMA data_version") return statement;
          return {
            run: (...values) => statement.run(...values),
            all: (...values) => statement.all(...values),
            get: (...values) => ((lookCount += 1), statement.get(...values)),
          };
        },
      },
    });
    const notify = open(counting, 1);
    const woken = createSignal();
    const subscription = await notify.subscribe({ topics, onWakeUp: woken.send });
    await state.startChains({ tx: undefined, chains: [newChain()] });
    await woken.reached;
    await subscription.close();
    await subscription.close();
    const before = lookCount;
    expect(before).toBeGreaterThan(0);
    // A look of before may be under way; after it there is none, however often the other session commits.
    const control = open(state, 1);
    for (let round = 0; round < 10; round++) {
      const reached = createSignal();
      const { close } = await control.subscribe({ topics, onWakeUp: reached.send });
      await counting.startChains({ tx: undefined, chains: [newChain()] });
      await reached.reached;
      await close();
    }
    expect(lookCount).toBeLessThanOrEqual(before + 1);
  });

  it("is not called any more once the subscription is closed, and refuses work once it is closed itself", async () => {
    const state = await database.openMigrated();
    const notify = open(state, 3_600_000);
    let callCount = 0;
    const subscription = await notify.subscribe({ topics, onWakeUp: () => (callCount += 1) });
    const published = notify.publish(topics);
    await subscription.close();
    await published;
    await notify.publish(topics);
    expect(callCount).toBe(0);
    await notify.close();
    await notify.close();
    await expect(notify.publish(topics)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(notify.subscribe({ topics, onWakeUp: () => undefined })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
  });
});

it("refuses a state adapter of another kind", () => {
  expect(() => createSqliteNotifyAdapter({ state: {} as never })).toThrow(
    expect.objectContaining({ code: "STORE_SETUP_INVALID" }),
  );
});
