import { defineCase, type ConformanceCase } from "../case.ts";
import type { StateContext } from "../state-context.ts";
import {
  attemptKey,
  createActor,
  expireLeases,
  leaseMs,
  reapAll,
  startAndClaim,
} from "../support/actor.ts";
import { holdTransaction, letOthersRun } from "../support/held-transaction.ts";
import {
  completed,
  continued,
  jobOf,
  newChain,
  released,
  start,
  startOne,
  startSeveral,
  waitFor,
} from "../support/jobs.ts";

const minute = 60_000;

export const claimCases: readonly ConformanceCase<StateContext>[] = [
  defineCase(
    "P3: a claimed job is handed over with all that its handler needs",
    async (context, expect) => {
      const actor = await createActor(context);
      const createdAt = new Date(context.clock.now());
      const chainId = await startOne(context, {
        type: "work",
        input: '"in"',
        priority: 4,
        traceContext: '"trace"',
      });
      context.clock.advance(1_234);
      const now = new Date(context.clock.now());
      const claimed = await actor.claim("work");
      expect.equal(claimed, [
        {
          chainId,
          chainIndex: 0,
          claimNo: 1,
          type: "work",
          chainType: "work",
          input: '"in"',
          attempt: 1,
          isStarted: true,
          priority: 4,
          createdAt,
          scheduledAt: createdAt,
          claimedAt: now,
          waitMs: 1_234,
          blockers: [],
          traceContext: '"trace"',
          isUnannounced: false,
        },
      ]);
      expect.match(await jobOf(context, chainId), {
        status: "running",
        workerId: actor.workerId,
        claimNo: 1,
        attempt: 1,
        claimedAt: now,
      });
    },
  ),

  defineCase("P3: nothing ready, nothing claimed", async (context, expect) => {
    const actor = await createActor(context);
    const running = await startAndClaim(context, actor);
    await startOne(context, { schedule: { delayMs: minute } });
    await startOne(context, { blockers: waitFor(running.chainId) });
    const other = await createActor(context);
    expect.equal(
      await other.exchange({
        claim: { types: [{ type: "work", limit: 10 }], slots: 10, ahead: 10 },
      }),
      { verdicts: [], claimed: [], isLive: true, schedule: { nextDueInMs: minute } },
    );
  }),

  defineCase("P3: only the types asked for are claimed", async (context, expect) => {
    const actor = await createActor(context);
    const wanted = await startOne(context, { type: "a" });
    await startOne(context, { type: "b" });
    await startOne(context, { type: "A" });
    expect.match(await actor.claim("a"), [{ chainId: wanted, type: "a" }]);
    expect.equal(await actor.claim([]), [], "no types");
    expect.equal(await actor.claim("unknown"), [], "an unknown type");
  }),

  defineCase(
    "P3: at most slots + ahead jobs are claimed, of which the first slots begin",
    async (context, expect) => {
      const actor = await createActor(context);
      await startSeveral(context, 20);
      const claimed = await actor.claim("work", { slots: 3, ahead: 4 });
      expect.equal(
        claimed.map((job) => job.isStarted),
        [true, true, true, false, false, false, false],
      );
      expect.ok(
        claimed.every((job) => job.attempt === 1),
        "a held job has another attempt number than the one it will have",
      );
      const jobs = await context.state.getJobs({ tx: undefined, keys: claimed });
      expect.equal(
        jobs.map((job) => job?.attempt),
        [1, 1, 1, 0, 0, 0, 0],
        "attempts counted",
      );
      expect.ok(
        jobs.every((job) => job?.status === "running" && job.workerId === actor.workerId),
        "a held job does not belong to its worker",
      );
    },
  ),

  defineCase("P3: slots 0 and ahead 0 claim nothing", async (context, expect) => {
    const actor = await createActor(context);
    await startSeveral(context, 3);
    expect.equal(await actor.claim("work", { slots: 0, ahead: 0, limit: 5 }), []);
  }),

  defineCase("P3: the limit of each type holds, also the limit 0", async (context, expect) => {
    const actor = await createActor(context);
    for (const type of ["a", "b", "c"]) {
      await startSeveral(context, 10, { type });
    }
    const { claimed } = await actor.exchange({
      claim: {
        types: [
          { type: "a", limit: 2 },
          { type: "b", limit: 0 },
          { type: "c", limit: 5 },
        ],
        slots: 100,
        ahead: 0,
      },
    });
    const countOf = (type: string): number => claimed.filter((job) => job.type === type).length;
    expect.equal([countOf("a"), countOf("b"), countOf("c")], [2, 0, 5]);
  }),

  defineCase(
    "P3: a type with little work leaves its places to the others",
    async (context, expect) => {
      const actor = await createActor(context);
      await startSeveral(context, 1, { type: "a" });
      await startSeveral(context, 10, { type: "b" });
      expect.equal((await actor.claim(["a", "b"], { slots: 6 })).length, 6);
    },
  ),

  defineCase(
    "P3: within a type the lower priority number comes first, then the longer wait",
    async (context, expect) => {
      const actor = await createActor(context);
      const order: {
        readonly chainId: string;
        readonly priority: number;
        readonly place: number;
      }[] = [];
      for (const [place, priority] of [5, 9, 0, 5, 0, 9, 3].entries()) {
        order.push({ chainId: await startOne(context, { priority }), priority, place });
        context.clock.advance(10);
      }
      const expected = order
        .toSorted((left, right) => left.priority - right.priority || left.place - right.place)
        .map((entry) => entry.chainId);
      expect.equal(
        (await actor.claim("work", { slots: 4, ahead: 3 })).map((job) => job.chainId),
        expected,
      );
    },
  ),

  defineCase(
    "P3 C8b: 2,000 jobs that became ready one after another, with mixed priorities, are claimed in their order",
    async (context, expect) => {
      const started: {
        readonly chainId: string;
        readonly priority: number;
        readonly readyAtMs: number;
      }[] = [];
      for (let batch = 0; batch < 200; batch++) {
        context.clock.advance(1);
        const chains = Array.from({ length: 10 }, () =>
          newChain(context, { priority: context.random.integer(10) }),
        );
        await start(context, chains);
        started.push(
          ...chains.map(({ chainId, priority }) => ({
            chainId,
            priority,
            readyAtMs: context.clock.now(),
          })),
        );
      }
      const placeOf = new Map(
        started.map((entry) => [entry.chainId, entry.priority * 1e15 + entry.readyAtMs]),
      );
      const actor = await createActor(context);
      const places: number[] = [];
      for (let page = 0; page < 5; page++) {
        places.push(
          ...(await actor.claim("work", { slots: 300, ahead: 100 })).map((job) =>
            placeOf.get(job.chainId)!,
          ),
        );
      }
      expect.equal(places.length, 2_000);
      expect.ok(
        places.every((place, index) => index === 0 || places[index - 1]! <= place),
        "a job was claimed before one that stands before it",
      );
    },
  ),

  defineCase("P3: claims of one job each take them in the same order", async (context, expect) => {
    const actor = await createActor(context);
    const expected: string[] = [];
    for (const priority of [0, 0, 2, 2, 9]) {
      expected.push(await startOne(context, { priority }));
      context.clock.advance(10);
    }
    const found: string[] = [];
    for (let index = 0; index < expected.length; index++) {
      found.push((await actor.claimOne("work")).chainId);
    }
    expect.equal(found, expected);
  }),

  defineCase(
    "P3: the order is that of becoming ready, not that of creation",
    async (context, expect) => {
      const actor = await createActor(context);
      const late = await startOne(context, { schedule: { delayMs: 1_000 } });
      context.clock.advance(10);
      const early = await startOne(context);
      context.clock.advance(1_000);
      await context.state.promote({ limit: 10 });
      expect.equal(
        (await actor.claim("work")).map((job) => job.chainId),
        [early, late],
      );
    },
  ),

  defineCase(
    "P8: the wait counts from the moment of becoming ready, by the database's clock",
    async (context, expect) => {
      const actor = await createActor(context);
      await startOne(context, { schedule: { delayMs: minute } });
      context.clock.advance(minute);
      await context.state.promote({ limit: 10 });
      context.clock.advance(77);
      expect.match(await actor.claimOne("work"), { waitMs: 77 });
    },
  ),

  defineCase(
    "P3: a batch is settled before the claim, so what it frees can be claimed in the same exchange",
    async (context, expect) => {
      const actor = await createActor(context);
      const [blocker, job] = [
        await startAndClaim(context, actor, { type: "item" }),
        await startAndClaim(context, actor),
      ];
      const waiting = await startOne(context, { blockers: waitFor(blocker.chainId) });
      const { verdicts, claimed } = await actor.exchange({
        settlements: [
          { ...attemptKey(blocker), outcome: completed("1") },
          { ...attemptKey(job), outcome: continued({ type: "next" }) },
        ],
        claim: {
          types: [
            { type: "work", limit: 10 },
            { type: "next", limit: 10 },
          ],
          slots: 10,
          ahead: 0,
        },
      });
      expect.match(verdicts, [{ kind: "settled" }, { kind: "settled" }]);
      expect.sameMembers(
        claimed.map(({ chainId, chainIndex }) => ({ chainId, chainIndex })),
        [
          { chainId: waiting, chainIndex: 0 },
          { chainId: job.chainId, chainIndex: 1 },
        ],
      );
    },
  ),

  defineCase(
    "P5: a held job that is noted as started has its attempt counted, once",
    async (context, expect) => {
      const actor = await createActor(context);
      await startOne(context);
      const [held] = await actor.claim("work", { slots: 0, ahead: 1 });
      const started = [attemptKey(held!)];
      await actor.exchange({ started });
      expect.match(await jobOf(context, held!), { attempt: 1, status: "running" });
      await actor.exchange({ started });
      await actor.renew({ held: started, started });
      expect.match(await jobOf(context, held!), { attempt: 1 });
    },
  ),

  defineCase(
    "P5: noting a job that began at its claim counts nothing more",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await actor.exchange({ started: [attemptKey(job)] });
      expect.match(await jobOf(context, job), { attempt: 1 });
    },
  ),

  defineCase(
    "P3 A2: started jobs that are unknown, lost or of another claim are ignored",
    async (context, expect) => {
      const [actor, other] = [await createActor(context), await createActor(context)];
      await startOne(context);
      const [held] = await actor.claim("work", { slots: 0, ahead: 1 });
      await other.exchange({ started: [attemptKey(held!)] });
      await actor.exchange({
        started: [
          { ...attemptKey(held!), claimNo: 2 },
          { chainId: context.newChainId(), chainIndex: 0, claimNo: 1 },
        ],
      });
      expect.match(await jobOf(context, held!), { attempt: 0 });
    },
  ),

  defineCase("P3: a worker that nobody registered claims nothing", async (context, expect) => {
    await startOne(context);
    const result = await context.state.exchange({
      workerId: "00000000-0000-7000-8000-00000000ffff",
      settlements: [],
      started: [],
      claim: { types: [{ type: "work", limit: 1 }], slots: 1, ahead: 0 },
    });
    expect.equal(result, { verdicts: [], claimed: [], isLive: false });
  }),

  defineCase(
    "P3: a worker whose lease has expired claims nothing, but settles",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      await startOne(context);
      expireLeases(context);
      const result = await actor.exchange({
        settlements: [{ ...attemptKey(job), outcome: completed() }],
        claim: { types: [{ type: "work", limit: 1 }], slots: 1, ahead: 0 },
      });
      expect.equal(result, {
        verdicts: [
          {
            kind: "settled",
            effects: { chainStatus: "completed", chainDurationMs: leaseMs + 1, unblocked: [] },
          },
        ],
        claimed: [],
        isLive: false,
      });
    },
  ),

  defineCase("P3: isLive is true where nothing asked for the lease", async (context, expect) => {
    const actor = await createActor(context);
    const outcomes = [completed(), continued({ type: "next" }), released];
    const jobs = [];
    for (const type of ["a", "b", "c"]) jobs.push(await startAndClaim(context, actor, { type }));
    expireLeases(context);
    const settlements = jobs.map((job, index) => ({
      ...attemptKey(job),
      outcome: outcomes[index]!,
    }));
    expect.match(await actor.exchange({ settlements }), {
      verdicts: [{ kind: "settled" }, { kind: "settled" }, { kind: "settled" }],
      isLive: true,
    });
  }),

  defineCase(
    "P8: a lease that is a little younger than its end still claims",
    async (context, expect) => {
      const actor = await createActor(context);
      await startOne(context);
      context.clock.advance(leaseMs - 1);
      expect.equal((await actor.claim("work")).length, 1);
    },
  ),

  defineCase(
    "P3: a sticky continuation belongs to the worker at once, started and counted",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      context.clock.advance(100);
      const now = new Date(context.clock.now());
      const verdict = await actor.settle(
        job,
        continued(
          { type: "next", input: "1", priority: 2, traceContext: '"t"' },
          { isSticky: true },
        ),
      );
      const next = {
        chainId: job.chainId,
        chainIndex: 1,
        claimNo: 1,
        type: "next",
        chainType: "work",
        input: "1",
        attempt: 1,
        isStarted: true,
        priority: 2,
        createdAt: now,
        scheduledAt: now,
        claimedAt: now,
        waitMs: 0,
        blockers: [],
        traceContext: '"t"',
        isUnannounced: false,
      };
      expect.equal(verdict, { kind: "settled", next, effects: { unblocked: [] } });
      expect.match(await jobOf(context, next), {
        status: "running",
        workerId: actor.workerId,
        attempt: 1,
        claimNo: 1,
      });
      const other = await createActor(context);
      expect.equal(
        await other.claim("next"),
        [],
        "a sticky continuation was claimed by another worker",
      );
    },
  ),

  defineCase(
    "P3 C18: a repeated sticky continuation answers already with the same next job, until that one is settled",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const outcome = continued({ type: "next", input: "1" }, { isSticky: true });
      const first = await actor.settle(job, outcome);
      context.clock.advance(50);
      const again = await actor.settle(job, outcome);
      expect.equal(again, {
        kind: "already",
        next: first.kind === "settled" ? first.next : undefined,
      });
      await actor.settle({ chainId: job.chainId, chainIndex: 1, claimNo: 1 }, completed());
      expect.equal(await actor.settle(job, outcome), { kind: "already" });
    },
  ),

  defineCase(
    "P3 C18: a repeated sticky continuation whose next job another worker has taken names no next job",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      const outcome = continued({ type: "next" }, { isSticky: true });
      await actor.settle(job, outcome);
      expireLeases(context);
      const other = await createActor(context);
      await reapAll(context, [{ type: "next", attemptCountMax: 25, error: "{}" }]);
      await other.claimOne("next");
      expect.equal(await actor.settle(job, outcome), { kind: "already" });
    },
  ),

  defineCase(
    "P3: a sticky continuation of a worker whose lease has expired is inserted ready",
    async (context, expect) => {
      const actor = await createActor(context);
      const job = await startAndClaim(context, actor);
      expireLeases(context);
      const result = await actor.exchange({
        settlements: [
          { ...attemptKey(job), outcome: continued({ type: "next" }, { isSticky: true }) },
        ],
      });
      expect.equal(result, {
        verdicts: [
          {
            kind: "settled",
            effects: { waiting: { type: "next", status: "ready" }, unblocked: [] },
          },
        ],
        claimed: [],
        isLive: false,
      });
      const other = await createActor(context);
      expect.match(await other.claimOne("next"), {
        chainId: job.chainId,
        chainIndex: 1,
        attempt: 1,
        claimNo: 1,
      });
    },
  ),

  defineCase(
    "P3: a sticky continuation that is blocked, scheduled or of a paused type is inserted as usual",
    async (context, expect) => {
      const actor = await createActor(context);
      const blocker = await startOne(context, { type: "item" });
      await context.state.setTypesPaused({ tx: undefined, types: ["paused"], isPaused: true });
      const variants = [
        [{ type: "next", blockers: waitFor(blocker) }, "blocked"],
        [{ type: "next", schedule: { delayMs: minute } }, "scheduled"],
        [{ type: "paused" }, "ready"],
      ] as const;
      for (const [next, status] of variants) {
        const job = await startAndClaim(context, actor);
        expect.equal(await actor.settle(job, continued(next, { isSticky: true })), {
          kind: "settled",
          effects: { waiting: { type: next.type, status }, unblocked: [] },
        });
        expect.match(await jobOf(context, { chainId: job.chainId, chainIndex: 1 }), {
          status,
          workerId: undefined,
          attempt: 0,
        });
      }
    },
  ),

  defineCase("P3: a sticky continuation has its blockers' outputs", async (context, expect) => {
    const actor = await createActor(context);
    const blocker = await startAndClaim(context, actor, { type: "item" });
    await actor.settle(blocker, completed("8"));
    const job = await startAndClaim(context, actor);
    const verdict = await actor.settle(
      job,
      continued({ type: "next", blockers: waitFor(blocker.chainId) }, { isSticky: true }),
    );
    expect.match(verdict, {
      kind: "settled",
      next: { blockers: [{ chainId: blocker.chainId, output: "8" }] },
    });
  }),

  defineCase(
    "P3: 2,000 jobs drained by six workers in sessions of their own run once each",
    async (context, expect) => {
      const sessions = await Promise.all(
        Array.from({ length: 6 }, async () => context.openSession()),
      );
      const chainIds = await startSeveral(context, 2_000);
      const actors = await Promise.all(
        sessions.map(async (state) => createActor(context, { state })),
      );
      const runs: string[] = [];
      await Promise.all(
        actors.map(async (actor) => {
          let settlements: {
            chainId: string;
            chainIndex: number;
            claimNo: number;
            outcome: ReturnType<typeof completed>;
          }[] = [];
          for (;;) {
            const { verdicts, claimed } = await actor.exchange({
              settlements,
              claim: { types: [{ type: "work", limit: 40 }], slots: 20, ahead: 20 },
            });
            const deferred = settlements.filter((_, index) => verdicts[index]!.kind === "deferred");
            expect.ok(
              verdicts.every(
                (verdict) => verdict.kind === "settled" || verdict.kind === "deferred",
              ),
              "an outcome was refused or lost",
            );
            runs.push(...claimed.map((job) => job.chainId));
            if (claimed.length === 0 && deferred.length === 0) return;
            settlements = [
              ...deferred,
              ...claimed.map((job) => ({ ...attemptKey(job), outcome: completed() })),
            ];
          }
        }),
      );
      expect.equal(runs.length, chainIds.length, "jobs handed out");
      expect.equal(new Set(runs).size, chainIds.length, "different jobs handed out");
      expect.equal(
        await context.state.countChains({ filter: { statuses: ["completed"] }, cap: 5_000 }),
        chainIds.length,
      );
    },
  ),

  defineCase(
    "B12 P3: 40 workers that are woken for one job: one of them gets it",
    async (context, expect) => {
      const sessions = await Promise.all(
        Array.from({ length: 4 }, async () => context.openSession()),
      );
      const actors = await Promise.all(
        Array.from({ length: 40 }, async (_, index) =>
          createActor(context, { state: sessions[index % 4]! }),
        ),
      );
      const chainId = await startOne(context);
      const claims = await Promise.all(
        actors.map(async (actor) => actor.claim("work", { slots: 1 })),
      );
      expect.match(claims.flat(), [{ chainId }]);
    },
  ),

  defineCase(
    "P1 P3: a claim that meets an uncommitted start which rolls back gets nothing",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context, { state: other });
      const chain = newChain(context);
      const held = await holdTransaction(context.state);
      await context.state.startChains({ tx: held.tx, chains: [chain] });
      const claiming = actor.claim("work");
      await letOthersRun();
      await held.rollback();
      expect.equal(await claiming, [], "claimed from a start that rolled back");
      expect.equal(await actor.claim("work"), []);
    },
  ),

  defineCase(
    "P3: a job of an uncommitted start cannot be claimed while its transaction is open",
    async (context, expect) => {
      const other = await context.openSession();
      const actor = await createActor(context, { state: other });
      const held = await holdTransaction(context.state);
      await context.state.startChains({ tx: held.tx, chains: [newChain(context)] });
      expect.equal(await actor.claim("work"), []);
      await held.commit();
      expect.equal((await actor.claim("work")).length, 1);
    },
    { needs: "concurrentWriters" },
  ),

  defineCase(
    "C8: ready jobs behind a mass of jobs of another type are found",
    async (context, expect) => {
      const actor = await createActor(context);
      await startSeveral(context, 3_000, { type: "unknown", priority: 0 });
      context.clock.advance(10);
      const [result] = await start(context, [newChain(context, { priority: 9 })]);
      expect.match(await actor.claim("work", { slots: 1 }), [{ chainId: result!.chainId }]);
    },
  ),

  defineCase("C8: ready jobs behind a paused mass are found", async (context, expect) => {
    const actor = await createActor(context);
    await startSeveral(context, 2_000, { type: "paused" });
    await context.state.setTypesPaused({ tx: undefined, types: ["paused"], isPaused: true });
    const chainId = await startOne(context);
    expect.match(await actor.claim(["paused", "work"], { slots: 5 }), [{ chainId }]);
  }),

  defineCase(
    "C8b: 200 types in one claim, each with work, fill the slots",
    async (context, expect) => {
      const actor = await createActor(context);
      const types = Array.from({ length: 200 }, (_, index) => `type-${index}`);
      await start(
        context,
        types.map((type) => newChain(context, { type })),
      );
      const claimed = await actor.claim(types, { slots: 150, ahead: 50 });
      expect.equal(new Set(claimed.map((job) => job.type)).size, 200);
    },
  ),

  defineCase("Q7: looking for work changes nothing", async (context, expect) => {
    const actor = await createActor(context);
    const chainId = await startOne(context, { schedule: { delayMs: minute } });
    const before = await jobOf(context, chainId);
    await actor.claim("work");
    await context.state.promote({ limit: 10 });
    expect.equal(await jobOf(context, chainId), before);
  }),

  defineCase("P3: claimNo grows with each claim, whoever claims", async (context, expect) => {
    const actors = [await createActor(context), await createActor(context)];
    await startOne(context);
    for (let claimNo = 1; claimNo <= 20; claimNo++) {
      const actor = actors[claimNo % 2]!;
      const job = await actor.claimOne("work");
      expect.match(job, { claimNo, attempt: 1 });
      await actor.settle(job, released);
    }
  }),
];
