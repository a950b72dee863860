import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import { attemptKey, createActor, expireLeases, startAndClaim } from "../support/actor.ts";
import {
  chainOf,
  completed,
  continued,
  failed,
  jobOf,
  retried,
  startOne,
  waitFor,
} from "../support/jobs.ts";

/** Texts that a store which parses, normalises or re-encodes would change. The escapes are those of core's codec: ASCII-safe JSON. */
const texts: readonly (readonly [string, string])[] = [
  ["NUL", '"a\\u0000b"'],
  ["lone surrogates", '"\\ud800 \\udc00 \\udfff\\ud83d"'],
  ["a pair of surrogates", '"\\ud83d\\ude00"'],
  ["text beyond ASCII", '"héllo 値 😀 \u2028 e\u0301"'],
  ["spaces and order", '{ "b" : 1,  "a":2 , "b":3 }'],
  ["numbers", "[1.0, 1e400, -0, 12345678901234567890, 0.1000000000000000055511151231257827]"],
  ["quotes and wildcards", `"it''s \\"quoted\\" % _ ? $1 :name @x \\\\ ; -- /* */"`],
  ["__proto__", '{"__proto__":{"polluted":true},"constructor":1}'],
  ["control characters", '"\\u0001\\u001f\\u007f\\n\\r\\t"'],
  ["null", "null"],
  ["an empty string", '""'],
];

export const payloadCases: readonly ConformanceCase<StateContext>[] = [
  ...texts.map(([name, text]) =>
    defineCase<StateContext>(
      `E1 E3: ${name} passes byte for byte through every payload`,
      async (context, expect) => {
        const actor = await createActor(context);
        const blocker = await startAndClaim(context, actor, {
          type: "item",
          input: text,
          traceContext: text,
        });
        expect.match(blocker, { input: text, traceContext: text });
        expect.match(await jobOf(context, blocker), { input: text, traceContext: text });
        await actor.renew({
          held: [attemptKey(blocker)],
          progress: [{ ...attemptKey(blocker), value: text }],
        });
        expect.match(await jobOf(context, blocker), { progress: text });
        await actor.settle(blocker, retried(0, text));
        expect.match(await jobOf(context, blocker), { error: text });
        expect.match(await context.state.listAttempts({ key: blocker }), [{ error: text }]);
        await actor.settle(await actor.claimOne("item"), completed(text));
        expect.match(await chainOf(context, blocker.chainId), { output: text });
        const waiting = await startAndClaim(context, actor, { blockers: waitFor(blocker.chainId) });
        expect.match(waiting, { blockers: [{ output: text }] });
        expect.match(
          await actor.settle(
            waiting,
            continued({ type: "next", input: text, traceContext: text }, { isSticky: true }),
          ),
          { next: { input: text, traceContext: text } },
        );
        await actor.settle({ chainId: waiting.chainId, chainIndex: 1, claimNo: 1 }, failed(text));
        expect.match(await chainOf(context, waiting.chainId), { status: "failed", error: text });
        const cancelled = await startOne(context, { type: "cancelled" });
        await context.state.cancel({
          tx: undefined,
          chainIds: [cancelled],
          reason: text,
          cascade: false,
        });
        expect.match(await chainOf(context, cancelled), { error: text });
      },
    ),
  ),

  defineCase("E1: the error of a reap passes byte for byte", async (context, expect) => {
    const actor = await createActor(context);
    const job = await startAndClaim(context, actor);
    expireLeases(context);
    const error = '"\\u0000 \\ud800"';
    await context.state.reap({
      limit: 10,
      attemptLimits: [{ type: "work", attemptCountMax: 1, error }],
    });
    expect.match(await chainOf(context, job.chainId), { status: "failed", error });
  }),

  defineCase(
    "E1: text that is no JSON is stored and handed over as it is",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor, { input: "{not json" });
      expect.match(job, { input: "{not json" });
      expect.match(await actor.settle(job, completed("[1,")), { kind: "settled" });
      expect.match(await chainOf(context, job.chainId), { output: "[1," });
    },
  ),

  defineCase(
    "D5: a payload that nobody can read does not hold up its neighbours",
    async (context, expect) => {
      const actor = await createActor(context);
      for (const input of ["{broken", undefined, "", "\u0001", '"fine"']) {
        await startOne(context, { input });
        context.clock.advance(1);
      }
      expect.equal(
        (await actor.claim("work")).map((job) => job.input),
        ["{broken", undefined, "", "\u0001", '"fine"'],
      );
    },
  ),

  defineCase("E2: an input, an output and an error of 8 MB pass", async (context, expect) => {
    const actor = await createActor(context);
    const text = `"${"x".repeat(8 * 1_024 * 1_024)}"`;
    const isText = (value: string | undefined): boolean => value === text;
    const job = await startAndClaim(context, actor, { input: text });
    expect.ok(isText(job.input), "the input at the claim differs");
    await actor.settle(job, retried(0, text));
    expect.ok(isText((await jobOf(context, job)).error), "the error differs");
    await actor.settle(await actor.claimOne("work"), completed(text));
    expect.ok(isText((await chainOf(context, job.chainId)).output), "the output differs");
    const waiting = await startAndClaim(context, actor, {
      type: "parent",
      blockers: waitFor(job.chainId),
    });
    expect.ok(isText(waiting.blockers[0]?.output), "the blocker's output differs");
  }),

  defineCase(
    "E2: 100 attempts with an error of 256 kB leave 25 records",
    async (context, expect) => {
      const actor = await createActor(context);
      const error = `"${"stack ".repeat(43_690)}"`;
      let job = await startAndClaim(context, actor);
      for (let attempt = 1; attempt <= 100; attempt++) {
        await actor.settle(job, retried(0, error));
        job = await actor.claimOne("work");
      }
      const records = await context.state.listAttempts({ key: job });
      expect.equal(records.length, 25);
      expect.ok(
        records.every((record) => record.error === error),
        "an error differs",
      );
    },
  ),

  defineCase(
    "C16: names with quotes, placeholders and wildcards are only names",
    async (context, expect) => {
      const actor = await createActor(context);
      for (const name of [
        "a'b",
        'a"b',
        "a;drop table job;--",
        "%",
        "_",
        "?",
        "$1",
        ":name",
        "a\\b",
        "日本語",
        "a b",
        "[x]",
        "`x`",
        "x".repeat(200),
      ]) {
        const chainId = await startOne(context, {
          type: name,
          labels: { [name]: name },
          deduplication: { key: name, scope: "open", windowMs: undefined, onDuplicate: "keep" },
        });
        expect.match(await actor.claim(name), [{ chainId, type: name }], name);
        const found = await context.state.listChains({
          filter: { types: [name], label: { key: name, value: name } },
          order: "oldest",
          after: undefined,
          limit: 10,
        });
        expect.match(found, [{ chainId }], name);
        await context.state.setTypesPaused({ tx: undefined, types: [name], isPaused: true });
      }
      expect.equal((await context.state.listTypes()).length, 14);
    },
  ),
];

export const limitCases: readonly ConformanceCase<StateContext>[] = [
  defineCase("C11: priorities from 0 to 9 are kept and ordered", async (context, expect) => {
    const actor = await createActor(context);
    for (const priority of context.random.shuffle([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])) {
      await startOne(context, { priority });
    }
    expect.equal(
      (await actor.claim("work")).map((job) => job.priority),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
  }),

  defineCase(
    "C11 D2: delays up to 100 years and instants far away are kept to the ms",
    async (context, expect) => {
      const now = context.clock.now();
      const delayMs = 100 * 365 * 86_400_000;
      const far = new Date(Date.UTC(2399, 11, 31, 23, 59, 59, 999));
      const [delayed, dated] = [
        await startOne(context, { schedule: { delayMs } }),
        await startOne(context, { schedule: { at: far } }),
      ];
      expect.match(await jobOf(context, delayed), {
        status: "scheduled",
        scheduledAt: new Date(now + delayMs),
      });
      expect.match(await jobOf(context, dated), { status: "scheduled", scheduledAt: far });
      expect.match(await context.state.promote({ limit: 10 }), { nextDueInMs: delayMs });
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await actor.settle(job, retried(delayMs));
      expect.match(await jobOf(context, job), { scheduledAt: new Date(now + delayMs) });
    },
  ),

  defineCase("C11: an instant before 1970 is in the past", async (context, expect) => {
    const at = new Date(Date.UTC(1901, 0, 1));
    const chainId = await startOne(context, { schedule: { at } });
    expect.match(await jobOf(context, chainId), { status: "ready", scheduledAt: at });
  }),

  defineCase("C11: limits, caps and slots beyond 2^31 are only large", async (context, expect) => {
    const large = 2 ** 31 + 1;
    const actor = await createActor(context);
    await startOne(context, { schedule: { delayMs: 10 } });
    await startOne(context);
    context.clock.advance(10);
    await context.state.promote({ limit: large });
    const { claimed } = await actor.exchange({
      claim: { types: [{ type: "work", limit: large }], slots: large, ahead: large },
    });
    expect.equal(claimed.length, 2);
    expect.equal(await context.state.countChains({ filter: {}, cap: large }), 2);
    expect.equal(
      (
        await context.state.listChains({
          filter: {},
          order: "newest",
          after: undefined,
          limit: large,
        })
      ).length,
      2,
    );
    expect.match(await context.state.stats({ cap: large }), [{ counts: { running: 2 } }]);
    expireLeases(context);
    const result = await context.state.reap({
      limit: large,
      attemptLimits: [{ type: "work", attemptCountMax: large, error: "{}" }],
    });
    expect.equal(
      result.reaped.map((job) => job.outcome),
      ["released", "released"],
    );
  }),

  defineCase(
    "C11: a worker's numbers beyond 2^31 come back as they were",
    async (context, expect) => {
      const large = 2 ** 31 + 7;
      await createActor(context, { pid: large, concurrency: large, leaseMs: 10 * large });
      expect.match(await context.state.listWorkers({ limit: 10 }), [
        { pid: large, concurrency: large, leaseUntil: new Date(context.clock.now() + 10 * large) },
      ]);
    },
  ),

  defineCase(
    "C11: claim numbers and chain indexes beyond 2^31 are lost, and no error",
    async (context, expect) => {
      const actor = await createActor(context);
      const chainId = await startOne(context);
      const large = 2 ** 31 + 1;
      expect.match(await actor.settle({ chainId, chainIndex: 0, claimNo: large }, completed()), {
        kind: "lost",
      });
      expect.match(await actor.settle({ chainId, chainIndex: large, claimNo: 1 }, completed()), {
        kind: "lost",
      });
      expect.match(await actor.renew({ held: [{ chainId, chainIndex: large, claimNo: large }] }), {
        isLive: true,
      });
    },
  ),

  defineCase("P8: times are kept to the ms", async (context, expect) => {
    context.clock.advance(7);
    const now = new Date(context.clock.now());
    const chainId = await startOne(context, { schedule: { delayMs: 3 } });
    expect.match(await jobOf(context, chainId), {
      createdAt: now,
      scheduledAt: new Date(now.getTime() + 3),
    });
  }),
];
