import {
  createClient,
  createWorker,
  defineJobTypes,
  type Chain,
  type Job,
  type Settled,
} from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { away, caught } from "./support/caught.ts";
import { defineBehaviour, eventually, soon, type Process, type Stage } from "./support/stage.ts";

/** The shortest lease: workers beat every third of a second, and the case's clock decides when it is over. */
const leaseMs = 1_000;

const jobTypes = defineJobTypes<{
  work: { entry: true; input: number; output: string };
  other: { entry: true };
  note: { entry: true };
  step: { entry: true; continueWith: "last" };
  last: object;
}>();

export const leases: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "leases-and-reaping",
  cases: [
    defineBehaviour(
      "A3 A8: a job that runs for many leases keeps its one owner as long as its worker beats",
      async (stage, expect) => {
        const gate = stage.gate();
        const holder = await openWorker(stage, stage.process, async ({ job }) => {
          await gate.pass();
          return `attempt ${job.attempt}`;
        });
        const other = await openWorker(
          stage,
          await stage.openProcess(),
          async ({ job }) => `stolen in attempt ${job.attempt}`,
        );
        await holder.worker.start();
        const chain = await holder.start();
        await gate.arrived();
        await other.worker.start();
        for (let beat = 0; beat < 4; beat++) {
          // A whole beat of each since the clock was moved: the holder renews, the other one reaps what it may.
          const beats = [holder, other].map(({ process }) => process.store.next("reap"));
          stage.clock.advance(leaseMs * 0.6);
          await Promise.all(beats);
        }
        gate.open();
        expect.equal((await holder.client.awaitChain({ chain, ...soon })).output, "attempt 1");
        expect.equal(gate.arrivedCount, 1);
        expect.equal(await holder.client.inspect.listAttempts({ jobId: `${chain.id}:0` }), []);
      },
    ),

    defineBehaviour(
      "P4 P5: the job of a process that died goes to another worker, with its attempt counted",
      async (stage, expect) => {
        const gate = stage.gate();
        const dead = await openWorker(stage, await stage.openProcess(), async () => {
          await gate.pass();
          return "from the dead";
        });
        await dead.worker.start();
        const chain = await dead.start();
        await gate.arrived();
        dead.process.crash();
        const heir = await openWorker(
          stage,
          stage.process,
          async ({ job }) => `attempt ${job.attempt}`,
        );
        await heir.worker.start();
        stage.clock.advance(leaseMs + 1);
        expect.equal((await heir.client.awaitChain({ chain, ...soon })).output, "attempt 2");
        expect.match(await heir.client.inspect.listAttempts({ jobId: `${chain.id}:0` }), [
          { attempt: 1, outcome: "lost", workerId: dead.worker.id },
        ]);
        expect.match(heir.process.events.named("attempt.reaped"), [
          { jobId: `${chain.id}:0`, attempt: 1, workerId: dead.worker.id, outcome: "released" },
        ]);
      },
    ),

    defineBehaviour(
      "A2 P3: a process that comes back after its lease changes nothing: its return and its commit are refused",
      async (stage, expect) => {
        const gates = [stage.gate(), stage.gate()] as const;
        const refusals: unknown[] = [];
        const stale = await openWorker(
          stage,
          await stage.openProcess(),
          async ({ job, commit }) => {
            await gates[job.input as 0 | 1].pass();
            if (job.input === 0) return "stale return";
            try {
              return await commit(async (tx) => {
                await stale.client.startChain({ tx, type: "note" });
                return "stale commit";
              });
            } catch (error) {
              refusals.push((error as { code?: unknown }).code);
              throw error;
            }
          },
        );
        await stale.worker.start();
        const chains = [await stale.start(0), await stale.start(1)];
        await Promise.all(gates.map((gate) => gate.arrived()));
        stale.process.crash();
        const heirGate = stage.gate();
        const heir = await openWorker(stage, stage.process, async () => {
          await heirGate.pass();
          return "from the heir";
        });
        await heir.worker.start();
        stage.clock.advance(leaseMs + 1);
        await heirGate.arrived(2);
        for (const gate of gates) gate.open();
        stale.process.store.thaw();
        stale.process.channel.thaw();
        await stale.process.events.until(
          () => stale.process.events.named("attempt.ended").length === 2,
        );
        expect.match(stale.process.events.named("attempt.ended"), [
          { outcome: "lost", reason: "leaseLost" },
          { outcome: "lost", reason: "leaseLost" },
        ]);
        heirGate.open();
        for (const chain of chains)
          expect.equal((await heir.client.awaitChain({ chain, ...soon })).output, "from the heir");
        expect.equal(refusals, ["ATTEMPT_LOST"]);
        expect.equal((await heir.client.inspect.countChains({ types: ["note"] })).count, 0);
      },
    ),

    defineBehaviour(
      "A2 A4 Q4: a worker that slept past its lease aborts, registers anew, and the same process may run the job again, but only its second outcome counts",
      async (stage, expect) => {
        const first = stage.gate();
        const second = stage.gate();
        const reasons: unknown[] = [];
        const sleeper = await openWorker(stage, stage.process, async ({ job, signal }) => {
          if (job.attempt === 1) {
            signal.addEventListener("abort", () =>
              reasons.push((signal.reason as { reason?: unknown }).reason),
            );
            await first.pass();
          } else {
            await second.pass();
          }
          return `attempt ${job.attempt}`;
        });
        await sleeper.worker.start();
        const idBefore = sleeper.worker.id;
        const chain = await sleeper.start();
        await first.arrived();
        // Nothing of the worker goes through while its lease runs out, as when its event loop is blocked.
        stage.process.store.freeze();
        stage.clock.advance(leaseMs + 1);
        stage.process.store.thaw();
        await stage.process.events.first("worker.leaseLost");
        await second.arrived();
        expect.equal(reasons, ["leaseLost"]);
        expect.ok(sleeper.worker.id !== idBefore, "it has registered under a new id");
        first.open();
        await stage.process.events.first(
          "attempt.ended",
          ({ attempt, outcome }) => attempt === 1 && outcome === "lost",
        );
        expect.match(await sleeper.client.getChain({ chain }), { status: "open" });
        second.open();
        expect.equal((await sleeper.client.awaitChain({ chain, ...soon })).output, "attempt 2");
      },
    ),

    defineBehaviour(
      "P3: an outcome that waits for its verdict is not that of a chain which is begun anew with the id of its own",
      async (stage, expect) => {
        let runCount = 0;
        const second = stage.gate();
        const { client, worker, start } = await openWorker(stage, stage.process, async () => {
          runCount++;
          if (runCount > 1) await second.pass();
          return `run ${runCount}`;
        });
        let putOffCount = 0;
        // As if a user's transaction had the row; what only claims goes through.
        const letGo = stage.process.store.intercept(async ({ operation, params, proceed }) => {
          const { settlements } = params as { readonly settlements?: readonly object[] };
          if (operation !== "exchange" || settlements?.length !== 1) return proceed();
          putOffCount++;
          return { isLive: true, verdicts: [{ kind: "deferred" }], claimed: [] };
        });
        await worker.start();
        const { id } = await start();
        await eventually(() => putOffCount > 0);
        await client.operate.deleteChains({ tx: "autocommit", chainIds: [id] });
        const chain = await client.startChain({ tx: "autocommit", type: "work", input: 0, id });
        await second.arrived();
        letGo();
        await worker.drain({ timeoutMs: 300 }).catch(() => {});
        second.open();
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "run 2");
        expect.equal(
          stage.process.events.named("attempt.ended").map(({ outcome }) => outcome),
          ["lost", "completed"],
        );
      },
    ),

    defineBehaviour(
      "A2 P3: the next job of a commit whose reply comes after the lease is not run as the old worker's",
      async (stage, expect) => {
        const { process } = stage;
        const client = stage.use(await createClient({ jobTypes, ...process.ports }));
        const reply = stage.gate();
        let isHeldUp = true;
        process.store.intercept(async ({ operation, proceed }) => {
          const answer = await proceed();
          if (operation !== "transaction" || !isHeldUp) return answer;
          isHeldUp = false;
          await reply.pass();
          return answer;
        });
        const ranBy: string[] = [];
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            leaseMs,
            handlers: {
              work: async () => "unused",
              step: ({ commit, continueWith }) =>
                commit(async () => continueWith({ type: "last" })),
              last: async ({ job }) => void ranBy.push(job.token),
            },
          }),
        );
        await worker.start();
        const oldId = worker.id;
        const chain = await client.startChain({ tx: "autocommit", type: "step" });
        await reply.arrived();
        // The commit stands, its reply is on the way, and meanwhile the lease is found to be over.
        stage.clock.advance(leaseMs * 2);
        await eventually(() => worker.id !== oldId);
        reply.open();
        await client.awaitChain({ chain, ...soon });
        expect.equal(ranBy.length, 1, "runs of the next job");
        const started = process.events
          .named("attempt.started")
          .filter(({ jobId }) => jobId === `${chain.id}:1`);
        expect.equal(
          started.map(({ workerId }) => workerId),
          [worker.id],
        );
      },
    ),

    defineBehaviour(
      "A3: a renewal that is asked before a commit and looks after it leaves the next job with its worker",
      async (stage, expect) => {
        const [atCommit, renewal, last] = [stage.gate(), stage.gate(), stage.gate()];
        const { process, ranBy, start, end } = await openStepper(stage, {
          beforeCommit: () => atCommit.pass(),
          last: () => last.pass(),
        });
        const chain = await start();
        await atCommit.arrived();
        let isRenewed = false;
        process.store.intercept(async ({ operation, proceed }) => {
          if (operation !== "renew") return proceed();
          await renewal.pass();
          const answer = await proceed();
          isRenewed = true;
          return answer;
        });
        await renewal.arrived();
        const settled = process.store.next("transaction");
        atCommit.open();
        await settled;
        renewal.open();
        await eventually(() => isRenewed);
        last.open();
        await end(chain);
        expect.equal(ranBy.length, 1, "runs of the next job");
      },
    ),

    defineBehaviour(
      "A3: a handler that goes on after its commit for a whole beat keeps the next job for its worker",
      async (stage, expect) => {
        const afterCommit = stage.gate();
        const { process, ranBy, start, end } = await openStepper(stage, {
          afterCommit: () => afterCommit.pass(),
        });
        const chain = await start();
        await afterCommit.arrived();
        await process.store.next("reap");
        afterCommit.open();
        await end(chain);
        expect.equal(ranBy.length, 1, "runs of the next job");
      },
    ),

    defineBehaviour(
      "A3: a renewal that looks before a commit and is answered after it does not abort the next job",
      async (stage, expect) => {
        const [settling, reply, last] = [stage.gate(), stage.gate(), stage.gate()];
        const { process, start, end, signals } = await openStepper(stage, {
          last: () => last.pass(),
        });
        let isHeld = true;
        process.store.intercept(async ({ operation, proceed }) => {
          if (operation === "settle") await settling.pass();
          const answer = await proceed();
          if (operation === "renew" && settling.arrivedCount > 0 && isHeld) await reply.pass();
          return answer;
        });
        const chain = await start();
        await settling.arrived();
        await reply.arrived();
        settling.open();
        await last.arrived();
        isHeld = false;
        const renewed = process.store.next("reap");
        reply.open();
        await renewed;
        expect.equal(
          signals.map(({ aborted }) => aborted),
          [false],
        );
        last.open();
        await end(chain);
      },
      { needs: "concurrentWriters" },
    ),

    defineBehaviour(
      "A4 P3: an outcome that comes after the lease, before anybody took the job, still counts",
      async (stage, expect) => {
        const gate = stage.gate();
        const late = await openWorker(stage, stage.process, async ({ job }) => {
          await gate.pass();
          return `attempt ${job.attempt}`;
        });
        await late.worker.start();
        const chain = await late.start();
        await gate.arrived();
        stage.process.store.freeze();
        stage.clock.advance(leaseMs + 1);
        gate.open();
        await eventually(() => gate.arrivedCount === 1);
        stage.process.store.thaw();
        const { output } = await late.client.awaitChain({ chain, ...soon });
        expect.oneOf(output, ["attempt 1", "attempt 2"]);
        await late.worker.drain();
        expect.equal(stage.process.events.named("chain.closed").length, 1);
      },
    ),

    defineBehaviour(
      "A7: a worker leaves the jobs of types that it does not handle to those who do",
      async (stage, expect) => {
        const gate = stage.gate();
        const dead = await openWorker(stage, await stage.openProcess(), async () => {
          await gate.pass();
          return "from the dead";
        });
        await dead.worker.start();
        const chain = await dead.start();
        await gate.arrived();
        dead.process.crash();
        const stranger = stage.process;
        const strangerClient = stage.use(await createClient({ jobTypes, ...stranger.ports }));
        const strangerWorker = stage.use(
          createWorker(strangerClient, {
            ...soon,
            leaseMs,
            retry: { maxAttempts: 1 },
            handlers: { other: async () => {} },
          }),
        );
        await strangerWorker.start();
        stage.clock.advance(leaseMs + 1);
        await stranger.store.next("reap");
        await stranger.store.next("reap");
        expect.match(await strangerClient.inspect.getJob({ jobId: `${chain.id}:0` }), {
          status: "running",
          workerId: dead.worker.id,
        });
        const heir = await openWorker(
          stage,
          await stage.openProcess(),
          async ({ job }) => `attempt ${job.attempt}`,
        );
        await heir.worker.start();
        expect.equal((await heir.client.awaitChain({ chain, ...soon })).output, "attempt 2");
      },
    ),

    defineBehaviour(
      "A9 P4: a fleet that dies with its hands full is survived, and every job ends",
      async (stage, expect) => {
        const gate = stage.gate();
        const fleet = [];
        for (let index = 0; index < 3; index++) {
          const member = await openWorker(stage, await stage.openProcess(), async () => {
            await gate.pass();
            return "from the dead";
          });
          await member.worker.start();
          fleet.push(member);
        }
        const chains = await fleet[0]!.client.startChains({
          tx: "autocommit",
          chains: Array.from({ length: 60 }, (_, input) => ({ type: "work" as const, input })),
        });
        await gate.arrived(30);
        for (const { process } of fleet) process.crash();
        const survivor = await openWorker(
          stage,
          stage.process,
          async ({ job }) => `survived ${job.input}`,
        );
        await survivor.worker.start();
        stage.clock.advance(leaseMs + 1);
        for (const [index, chain] of chains.entries())
          expect.equal(
            (await survivor.client.awaitChain({ chain, ...soon })).output,
            `survived ${index}`,
          );
        const { chains: failed } = await survivor.client.inspect.listChains({
          statuses: ["failed"],
        });
        expect.equal(failed, []);
      },
    ),

    defineBehaviour(
      "P5 D4: a job that kills every process that runs it fails when its attempts are used up",
      async (stage, expect) => {
        const options = { retry: { maxAttempts: 2 } };
        const gate = stage.gate();
        const starts: number[] = [];
        const poison = async ({ job }: { job: { attempt: number } }): Promise<string> => {
          starts.push(job.attempt);
          await gate.pass();
          return "never";
        };
        let chainId: string | undefined;
        for (let life = 1; life <= 2; life++) {
          const victim = await openWorker(stage, await stage.openProcess(), poison, options);
          await victim.worker.start();
          chainId ??= (await victim.start()).id;
          await gate.arrived(life);
          victim.process.crash();
          stage.clock.advance(leaseMs + 1);
        }
        const survivor = await openWorker(stage, stage.process, poison, options);
        await survivor.worker.start();
        const error = (await caught(
          survivor.client.awaitChain({ chain: { id: chainId!, type: "work" }, ...soon }),
        )) as Error & { code?: unknown };
        expect.equal(error.code, "CHAIN_FAILED");
        expect.match(await survivor.client.inspect.getJob({ jobId: `${chainId}:0` }), {
          status: "failed",
          attempt: 2,
          error: { code: "ATTEMPTS_EXHAUSTED" },
        });
        expect.equal(starts, [1, 2], "it did not begin a third time");
        expect.match(await survivor.client.inspect.listAttempts({ jobId: `${chainId}:0` }), [
          { outcome: "lost" },
          { outcome: "lost" },
        ]);
        const { events } = survivor.process;
        await events.until(() => events.named("chain.closed").length === 1);
        expect.match(events.named("attempt.reaped").at(-1), { outcome: "failed", attempt: 2 });
        expect.match(events.named("chain.closed"), [{ chainId, status: "failed" }]);
      },
    ),

    defineBehaviour(
      "A10: jobs that were claimed ahead and not begun count no attempt when their process dies",
      async (stage, expect) => {
        const gate = stage.gate();
        const hoarder = await openHoarder(stage, await stage.openProcess(), gate);
        const heldIds = await hoarder.untilItHolds();
        hoarder.process.crash();
        const attempts = new Map<string, number>();
        const heir = await openWorker(stage, stage.process, async ({ job }) => {
          attempts.set(job.id, job.attempt);
          return "done";
        });
        await heir.worker.start();
        stage.clock.advance(leaseMs + 1);
        await heir.process.events.first("attempt.reaped");
        await heir.worker.drain();
        expect.equal(
          heldIds.map((jobId) => attempts.get(jobId)),
          heldIds.map(() => 1),
          "each runs in attempt 1",
        );
        expect.equal(
          attempts.get(hoarder.runningId()),
          2,
          "the one that ran has its attempt counted",
        );
        for (const jobId of heldIds)
          expect.equal(await heir.client.inspect.listAttempts({ jobId }), []);
      },
    ),

    defineBehaviour(
      "A10 G: jobs that were claimed ahead are given back on stop, at once and uncounted",
      async (stage, expect) => {
        const gate = stage.gate();
        const hoarder = await openHoarder(stage, stage.process, gate);
        const heldIds = await hoarder.untilItHolds();
        const stopping = hoarder.worker.stop();
        await eventually(async () => {
          const jobs = await Promise.all(
            heldIds.map((jobId) => hoarder.client.inspect.getJob({ jobId })),
          );
          return jobs.every(
            (job) => job?.status === "ready" && job.attempt === 0 && job.workerId === null,
          );
        });
        expect.match(
          await hoarder.client.inspect.getJob({ jobId: hoarder.runningId() }),
          { status: "running" },
          "what runs goes on meanwhile",
        );
        gate.open();
        await stopping;
      },
    ),

    defineBehaviour(
      "A11: a claim whose reply is lost gives the jobs back, uncounted, and they run once",
      async (stage, expect) => {
        const runs: number[] = [];
        const { client, worker, start, process } = await openWorker(
          stage,
          stage.process,
          async ({ job }) => {
            runs.push(job.attempt);
            return "done";
          },
        );
        let lostCount = 0;
        process.store.intercept(async ({ operation, proceed }) => {
          const answer = await proceed();
          if (
            operation === "exchange" &&
            lostCount === 0 &&
            (answer as { claimed: readonly unknown[] }).claimed.length > 0
          ) {
            lostCount++;
            throw away();
          }
          return answer;
        });
        const chain = await start();
        await worker.start();
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "done");
        expect.equal([runs, lostCount], [[1], 1]);
      },
    ),

    defineBehaviour(
      "A1 P3: an attempt that ends while its job is being reaped is settled by one of the two",
      async (stage, expect) => {
        let gate = stage.gate();
        const { client, worker, start } = await openWorker(
          stage,
          stage.process,
          async ({ job }) => {
            if (job.attempt === 1) await gate.pass();
            return `attempt ${job.attempt}`;
          },
        );
        await worker.start();
        const heir = await openWorker(stage, await stage.openProcess(), async ({ job }) => {
          if (job.attempt === 1) await gate.pass();
          return `attempt ${job.attempt}`;
        });
        await heir.worker.start();
        const processes = [stage.process, heir.process];
        for (let round = 0; round < 3; round++) {
          gate = stage.gate();
          const chain = await start();
          await gate.arrived();
          for (const { store } of processes) {
            store.intercept(({ operation, proceed }) => {
              if (operation === "reap") gate.open();
              return proceed();
            });
          }
          stage.clock.advance(leaseMs + 1);
          expect.oneOf((await client.awaitChain({ chain, ...soon })).output, [
            "attempt 1",
            "attempt 2",
          ]);
          await Promise.all([worker.drain(), heir.worker.drain()]);
        }
        const closed = processes.flatMap(({ events }) => events.named("chain.closed"));
        expect.equal(closed.length, 3, "each chain closed once");
      },
    ),
  ],
};

/** The handler of "work": as much of its arguments as these cases use. */
type Work = (handler: {
  readonly job: Job<"work", number>;
  readonly signal: AbortSignal;
  readonly commit: (run: (tx: unknown) => Promise<string>) => Promise<Settled>;
}) => Promise<string | Settled>;

/** A worker with one handler for "work", with the shortest lease; not started. */
async function openWorker(
  stage: Stage,
  process: Process,
  work: Work,
  options: { retry?: { maxAttempts: number } } = {},
) {
  const client = stage.use(await createClient({ jobTypes, ...process.ports }));
  const worker = stage.use(
    createWorker(client, { ...soon, leaseMs, ...options, handlers: { work } }),
  );
  return {
    process,
    client,
    worker,
    start: (input = 0) => client.startChain({ tx: "autocommit", type: "work", input }),
  };
}

/** A worker of chains of two jobs, whose first one commits. The hooks are waited for. */
async function openStepper(
  stage: Stage,
  hooks: {
    readonly beforeCommit?: () => Promise<void>;
    readonly afterCommit?: () => Promise<void>;
    readonly last?: () => Promise<void>;
  },
) {
  const { process } = stage;
  const ranBy: string[] = [];
  const signals: AbortSignal[] = [];
  const client = stage.use(await createClient({ jobTypes, ...process.ports }));
  const worker = stage.use(
    createWorker(client, {
      ...soon,
      leaseMs,
      handlers: {
        step: async ({ commit, continueWith }) => {
          await hooks.beforeCommit?.();
          const settled = await commit(async () => continueWith({ type: "last" }));
          await hooks.afterCommit?.();
          return settled;
        },
        last: async ({ job, signal }) => {
          ranBy.push(job.token);
          signals.push(signal);
          await hooks.last?.();
        },
      },
    }),
  );
  await worker.start();
  return {
    process,
    ranBy,
    signals,
    start: () => client.startChain({ tx: "autocommit", type: "step" }),
    end: async (chain: Chain<"step">) => {
      await client.awaitChain({ chain, ...soon });
      await worker.drain();
    },
  };
}

/** A worker with one slot that has had quick jobs, so that it claims ahead, and is then held up by one: the others it holds. */
async function openHoarder(
  stage: Stage,
  process: Process,
  gate: { pass(): Promise<void>; arrived(): Promise<void> },
) {
  const client = stage.use(await createClient({ jobTypes, ...process.ports }));
  let runningId = "";
  const worker = stage.use(
    createWorker(client, {
      ...soon,
      leaseMs,
      concurrency: 1,
      prefetchMs: 10_000,
      handlers: {
        work: async ({ job }) => {
          if (job.input < 60) return "quick";
          runningId = job.id;
          await gate.pass();
          return "slow";
        },
      },
    }),
  );
  return {
    process,
    client,
    worker,
    runningId: () => runningId,
    /** Starts jobs, and resolves with the ids of those that the worker holds beside the one that runs. */
    async untilItHolds(): Promise<string[]> {
      await client.startChains({
        tx: "autocommit",
        chains: Array.from({ length: 80 }, (_, input) => ({ type: "work" as const, input })),
      });
      await worker.start();
      await gate.arrived();
      const held = async () =>
        (await client.inspect.listJobs({ statuses: ["running"], limit: 200 })).jobs.filter(
          ({ jobId, attempt }) => attempt === 0 && jobId !== runningId,
        );
      await eventually(
        async () =>
          (await held()).length > 0 &&
          (await client.inspect.getJob({ jobId: runningId }))?.attempt === 1,
      );
      return (await held()).map(({ jobId }) => jobId);
    },
  };
}
