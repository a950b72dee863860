import {
  createClient,
  createWorker,
  defineJobTypes,
  type Chain,
  type Continuation,
  type Job,
  type Settled,
} from "queuert";
import type { ExchangeResult } from "queuert/adapter";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { caught, UserError } from "./support/caught.ts";
import { untilAborted } from "./support/gate.ts";
import { defineChannelBehaviour, type Process, type Stage } from "./support/stage.ts";

/** No poll falls into a case: what happens, a wake-up has brought about. */
const never = { pollIntervalMs: 3_600_000 } as const;

const jobTypes = defineJobTypes<{
  work: { entry: true; continueWith: "next"; output: string };
  next: { output: string };
  after: { entry: true; blockers: { work: "work" }; output: string };
}>();

export const wakeUps: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "wake-ups",
  cases: [
    defineChannelBehaviour(
      "P7: a start wakes a worker of another process: autocommit, transaction, hooks",
      async (stage, expect) => {
        const { client, ports } = await openPair(stage, { work: async () => "ran" });
        const chains = [
          await client.startChain({ tx: "autocommit", type: "work" }),
          await client.transaction(async (tx) => client.startChain({ tx, type: "work" })),
          await client.withTransactionHooks(async (hooks) =>
            ports.state.transaction(async (tx: unknown) =>
              client.startChain({ tx, hooks, type: "work" }),
            ),
          ),
        ];
        for (const chain of chains)
          expect.equal((await client.awaitChain({ chain, ...never })).output, "ran");
      },
    ),

    defineChannelBehaviour(
      "P7: a continuation wakes the worker that handles it, and the end wakes those who await it",
      async (stage, expect) => {
        const { client } = await openPair(stage, {
          work: async ({ continueWith }) => continueWith({ type: "next" }),
        });
        const other = await stage.openProcess();
        const otherClient = stage.use(await createClient({ jobTypes, ...other.ports }));
        const worker = stage.use(
          createWorker(otherClient, { ...never, handlers: { next: async () => "next" } }),
        );
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "work" });
        expect.equal((await client.awaitChain({ chain, ...never })).output, "next");
      },
    ),

    defineChannelBehaviour(
      "P7: a release wakes the worker of the job that waited, from a return, a commit and an approval",
      async (stage, expect) => {
        let isPlain = true;
        const { client } = await openPair(stage, {
          work: async ({ commit }) => (isPlain ? "ran" : commit(async () => "committed")),
        });
        const other = stage.use(
          await createClient({ jobTypes, ...(await stage.openProcess()).ports }),
        );
        const worker = stage.use(
          createWorker(other, {
            ...never,
            handlers: { after: async ({ job }) => `after ${job.blockers.work.output}` },
          }),
        );
        await worker.start();
        for (const expected of ["after ran", "after committed", "after by hand"]) {
          const work = await client.startChain({
            tx: "autocommit",
            type: "work",
            delayMs: 3_600_000,
          });
          const after = await client.startChain({
            tx: "autocommit",
            type: "after",
            blockers: { work },
          });
          if (expected === "after by hand")
            await client.completeChain({
              tx: "autocommit",
              chain: work,
              type: "work",
              output: "by hand",
            });
          else await client.trigger({ tx: "autocommit", chainIds: [work.id] });
          expect.equal((await client.awaitChain({ chain: after, ...never })).output, expected);
          isPlain = false;
        }
      },
    ),

    defineChannelBehaviour(
      "P7: trigger, reschedule, redrive and resume wake the workers of the type",
      async (stage, expect) => {
        let isBroken = false;
        const { client, workerProcess } = await openPair(stage, {
          work: async () => {
            if (isBroken) throw new UserError();
            return "ran";
          },
        });
        const start = (delayMs = 3_600_000) =>
          client.startChain({ tx: "autocommit", type: "work", delayMs });
        const triggered = await start();
        await client.trigger({ tx: "autocommit", chainIds: [triggered.id] });
        expect.equal((await client.awaitChain({ chain: triggered, ...never })).output, "ran");
        const rescheduled = await start();
        await client.reschedule({ tx: "autocommit", chainIds: [rescheduled.id], delayMs: 0 });
        expect.equal((await client.awaitChain({ chain: rescheduled, ...never })).output, "ran");
        isBroken = true;
        const redriven = await start(0);
        expect.match(await caught(client.awaitChain({ chain: redriven, ...never })), {
          code: "CHAIN_FAILED",
        });
        isBroken = false;
        await client.redrive({ tx: "autocommit", chainIds: [redriven.id] });
        expect.equal((await client.awaitChain({ chain: redriven, ...never })).output, "ran");
        await client.operate.pauseTypes({ tx: "autocommit", types: ["work"] });
        const paused = await start(0);
        await workerProcess.store.next("exchange");
        await client.operate.resumeTypes({ tx: "autocommit", types: ["work"] });
        expect.equal((await client.awaitChain({ chain: paused, ...never })).output, "ran");
      },
    ),

    defineChannelBehaviour(
      "P7: cancel, delete and an approval wake the worker that runs the job, long before its beat",
      async (stage, expect) => {
        const gate = stage.gate();
        const reasons: unknown[] = [];
        const { client, workerProcess } = await openPair(stage, {
          work: async ({ signal }) => {
            await Promise.race([gate.pass(), untilAborted(signal)]).catch(
              (error: unknown) => void reasons.push((error as { reason?: unknown }).reason),
            );
            return "ran";
          },
        });
        const chains: Chain<"work">[] = [];
        for (let index = 0; index < 3; index++)
          chains.push(await client.startChain({ tx: "autocommit", type: "work" }));
        await gate.arrived(3);
        const endings = [
          () => client.cancel({ tx: "autocommit", chainIds: [chains[0]!.id] }),
          () => client.deleteChains({ tx: "autocommit", chainIds: [chains[1]!.id] }),
          () =>
            client.completeChain({
              tx: "autocommit",
              chain: chains[2]!,
              type: "work",
              output: "by hand",
            }),
        ];
        for (const [index, end] of endings.entries()) {
          await end();
          await workerProcess.events.until(
            () => workerProcess.events.named("attempt.ended").length === index + 1,
          );
        }
        expect.equal(reasons, ["cancelled", "deleted", "completedElsewhere"]);
      },
    ),

    defineChannelBehaviour(
      "P7: those who await a chain are woken by every way to end it",
      async (stage, expect) => {
        const { client } = await openPair(stage, {
          work: async () => {
            throw new UserError();
          },
        });
        const other = stage.use(
          await createClient({ jobTypes, ...(await stage.openProcess()).ports }),
        );
        const endings: readonly [string, (chainId: string) => Promise<unknown>][] = [
          [
            "CHAIN_CANCELLED",
            (chainId) => client.cancel({ tx: "autocommit", chainIds: [chainId] }),
          ],
          [
            "CHAIN_NOT_FOUND",
            (chainId) => client.deleteChains({ tx: "autocommit", chainIds: [chainId] }),
          ],
          ["CHAIN_FAILED", (chainId) => client.trigger({ tx: "autocommit", chainIds: [chainId] })],
        ];
        for (const [code, end] of endings) {
          const chain = await client.startChain({
            tx: "autocommit",
            type: "work",
            delayMs: 3_600_000,
          });
          const wait = caught(other.awaitChain({ chain, ...never }));
          await end(chain.id);
          expect.match(await wait, { code });
        }
      },
    ),

    defineChannelBehaviour(
      "B10 P7: a job that is due sooner than a sleeping worker knows is run at its time",
      async (stage, expect) => {
        const { client, workerProcess } = await openPair(stage, { work: async () => "ran" });
        const looked = untilItLooks(workerProcess);
        const later = await client.startChain({
          tx: "autocommit",
          type: "work",
          delayMs: 3_600_000,
        });
        await looked;
        const sooner = await client.startChain({ tx: "autocommit", type: "work", delayMs: 20 });
        stage.clock.advance(20);
        expect.equal((await client.awaitChain({ chain: sooner, ...never })).output, "ran");
        expect.match(await client.getChain({ chain: later }), { status: "open" });
      },
    ),

    ...(
      [
        { operation: "exchange", firstDelayMs: 3_600_000, delayMs: undefined },
        { operation: "exchange", firstDelayMs: 3_600_000, delayMs: 20 },
        { operation: "promote", firstDelayMs: 10, delayMs: 20 },
      ] as const
    ).map(({ operation, firstDelayMs, delayMs }) =>
      defineChannelBehaviour(
        `B6 P7: a wake-up that comes while the answer to "${operation}" is on its way is not lost, of a ${delayMs === undefined ? "ready" : "scheduled"} job`,
        async (stage, expect) => {
          const { client, workerProcess } = await openPair(stage, { work: async () => "ran" });
          const gate = stage.gate();
          // It has looked, and found nothing; its answer takes its time.
          const stop = workerProcess.store.intercept(async (call) => {
            const answer = await call.proceed();
            if (call.operation !== operation) return answer;
            stop();
            await gate.pass();
            return answer;
          });
          await client.startChain({ tx: "autocommit", type: "work", delayMs: firstDelayMs });
          if (operation === "promote") stage.clock.advance(firstDelayMs);
          await gate.arrived();
          const chain = await client.startChain({ tx: "autocommit", type: "work", delayMs });
          stage.clock.advance(20);
          gate.open();
          expect.equal((await client.awaitChain({ chain, ...never })).output, "ran");
        },
      ),
    ),

    defineChannelBehaviour(
      "P7: a retry is run at its time without a poll",
      async (stage, expect) => {
        const { client, workerProcess } = await openPair(
          stage,
          {
            work: async ({ job }) => {
              if (job.attempt === 1) throw new UserError();
              return `attempt ${job.attempt}`;
            },
          },
          2,
        );
        const chain = await client.startChain({ tx: "autocommit", type: "work" });
        const { retryInMs } = await workerProcess.events.first("attempt.ended");
        stage.clock.advance(retryInMs ?? 0);
        expect.equal((await client.awaitChain({ chain, ...never })).output, "attempt 2");
      },
    ),

    defineChannelBehaviour(
      "P6: no wake-up leaves before the commit, and none for a rollback",
      async (stage, expect) => {
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const { channel } = stage.process;
        await client.transaction(async (tx) => {
          await client.startChain({ tx, type: "work" });
          expect.equal(channel.count("publish"), 0);
        });
        expect.equal(channel.count("publish"), 1);
        await caught(
          client.transaction(async (tx) => {
            await client.startChain({ tx, type: "work" });
            throw new UserError();
          }),
        );
        expect.equal(channel.count("publish"), 1);
      },
    ),
  ],
};

/** The handler of "work": as much of its arguments as these cases use. */
type Work = (handler: {
  readonly job: Job<"work">;
  readonly signal: AbortSignal;
  readonly commit: (run: (tx: unknown) => Promise<string>) => Promise<Settled>;
  readonly continueWith: (next: { type: "next" }) => Continuation<"next">;
}) => Promise<string | Settled | Continuation<"next">>;

/** Resolves when a process has been told that some job is due at some time. */
async function untilItLooks({ store }: Process): Promise<void> {
  for (;;) {
    const { schedule } = (await store.next("exchange")) as ExchangeResult;
    if (schedule?.nextDueInMs !== undefined) return;
  }
}

/** A client in one process and a started worker in another. */
async function openPair(stage: Stage, handlers: { work: Work }, maxAttempts = 1) {
  const workerProcess = await stage.openProcess();
  const workerClient = stage.use(await createClient({ jobTypes, ...workerProcess.ports }));
  const worker = stage.use(
    createWorker(workerClient, {
      ...never,
      retry: { maxAttempts, backoff: { initialMs: 20 } },
      handlers,
    }),
  );
  await worker.start();
  const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
  return { client, worker, workerProcess, ports: stage.process.ports };
}
