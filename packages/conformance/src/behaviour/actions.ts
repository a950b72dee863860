import { createClient, createWorker, defineJobTypes, type AuthorizeRequest } from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { caught, UserError } from "./support/caught.ts";
import { defineBehaviour, soon, type Stage } from "./support/stage.ts";

const jobTypes = defineJobTypes<{
  work: { entry: true; input: string | undefined; output: string };
  after: { entry: true; blockers: { work: "work" }; output: string };
}>();
const unknownId = "0193e5f0-0000-7000-8000-000000000099";

export const actions: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "actions",
  cases: [
    defineBehaviour(
      "P4: cancel ends open chains with their reason, and answers for each id",
      async (stage, expect) => {
        const { client, start, worker } = await openClient(stage);
        const done = await start();
        await worker.start();
        await client.awaitChain({ chain: done, ...soon });
        await worker.stop();
        const open = await start();
        const chainIds = [open.id, done.id, unknownId];
        expect.equal(
          await client.cancel({ tx: "autocommit", chainIds, reason: "changed my mind" }),
          [
            { chainId: open.id, outcome: "cancelled" },
            { chainId: done.id, outcome: "alreadyClosed" },
            { chainId: unknownId, outcome: "notFound" },
          ],
        );
        expect.match(await client.getChain({ chain: open }), {
          status: "cancelled",
          reason: "changed my mind",
        });
        await expect.rejects(client.awaitChain({ chain: open, ...soon }), "CHAIN_CANCELLED", {
          chainId: open.id,
          reason: "changed my mind",
        });
        expect.equal(await client.cancel({ tx: "autocommit", chainIds: [] }), []);
      },
    ),

    defineBehaviour(
      "P4: a chain that others wait for is cancelled only with them",
      async (stage, expect) => {
        const { client, start } = await openClient(stage);
        const work = await start();
        const after = await client.startChain({
          tx: "autocommit",
          type: "after",
          blockers: { work },
        });
        expect.equal(await client.cancel({ tx: "autocommit", chainIds: [work.id] }), [
          { chainId: work.id, outcome: "hasDependants", dependants: [after.id] },
        ]);
        expect.match(await client.getChain({ chain: work }), { status: "open" });
        expect.equal(
          await client.cancel({
            tx: "autocommit",
            chainIds: [work.id],
            cascade: true,
            reason: "all of it",
          }),
          [
            { chainId: work.id, outcome: "cancelled" },
            { chainId: after.id, outcome: "cancelled" },
          ],
        );
        expect.match(await client.getChain({ chain: after }), {
          status: "cancelled",
          reason: "all of it",
        });
      },
    ),

    defineBehaviour(
      "P4: redrive opens failed chains, trigger runs scheduled ones, and each answers for what it leaves alone",
      async (stage, expect) => {
        let isBroken = true;
        const { client, start, worker } = await openClient(stage, async () => {
          if (isBroken) throw new UserError();
          return "mended";
        });
        const failed = await start();
        await worker.start();
        await caught(client.awaitChain({ chain: failed, ...soon }));
        isBroken = false;
        const scheduled = await client.startChain({
          tx: "autocommit",
          type: "work",
          delayMs: 3_600_000,
        });
        expect.equal(
          await client.redrive({
            tx: "autocommit",
            chainIds: [scheduled.id, unknownId, failed.id],
          }),
          [
            { chainId: scheduled.id, outcome: "notFailed" },
            { chainId: unknownId, outcome: "notFound" },
            { chainId: failed.id, outcome: "redriven" },
          ],
        );
        expect.equal((await client.awaitChain({ chain: failed, ...soon })).output, "mended");
        expect.equal(
          await client.trigger({
            tx: "autocommit",
            chainIds: [failed.id, unknownId, scheduled.id],
          }),
          [
            { chainId: failed.id, outcome: "notTriggerable" },
            { chainId: unknownId, outcome: "notFound" },
            { chainId: scheduled.id, outcome: "triggered" },
          ],
        );
        expect.equal((await client.awaitChain({ chain: scheduled, ...soon })).output, "mended");
        const { events } = stage.process;
        expect.match(events.named("chain.redriven"), [{ chainId: failed.id, chainType: "work" }]);
        expect.match(events.named("job.triggered"), [{ jobId: `${scheduled.id}:0`, type: "work" }]);
      },
    ),

    defineBehaviour(
      "P8: reschedule moves open jobs by the database's clock, sooner or later, and leaves others alone",
      async (stage, expect) => {
        const gate = stage.gate();
        const { client, worker } = await openClient(stage, async ({ job }) => {
          if (job.input === "running") await gate.pass();
          return "ran";
        });
        const running = await client.startChain({
          tx: "autocommit",
          type: "work",
          input: "running",
        });
        await worker.start();
        await gate.arrived();
        const sooner = await client.startChain({
          tx: "autocommit",
          type: "work",
          delayMs: 3_600_000,
        });
        expect.equal(
          await client.reschedule({
            tx: "autocommit",
            chainIds: [sooner.id, running.id, unknownId],
            delayMs: 5_000,
          }),
          [
            { chainId: sooner.id, outcome: "rescheduled" },
            { chainId: running.id, outcome: "notReschedulable" },
            { chainId: unknownId, outcome: "notFound" },
          ],
        );
        stage.clock.advance(5_000);
        await client.awaitChain({ chain: sooner, ...soon });
        const at = new Date(stage.clock.now() + 60_000);
        const later = await client.startChain({ tx: "autocommit", type: "work", delayMs: 1_000 });
        await client.reschedule({ tx: "autocommit", chainIds: [later.id], scheduledAt: at });
        expect.match(await client.inspect.getJob({ jobId: `${later.id}:0` }), {
          status: "scheduled",
          scheduledAt: at,
        });
        for (const wrong of [
          {},
          { delayMs: -1 },
          { scheduledAt: new Date(Number.NaN) },
          { scheduledAt: at, delayMs: 1 },
        ]) {
          await expect.rejects(
            client.reschedule({
              tx: "autocommit",
              chainIds: [later.id],
              ...(wrong as { delayMs: number }),
            }),
            "OPTION_INVALID",
          );
        }
      },
    ),

    defineBehaviour(
      "P4: deleteChains takes all of a chain, and what names it as a blocker only with cascade",
      async (stage, expect) => {
        const { client, start } = await openClient(stage);
        const work = await start();
        const after = await client.startChain({
          tx: "autocommit",
          type: "after",
          blockers: { work },
        });
        expect.equal(
          await client.deleteChains({ tx: "autocommit", chainIds: [work.id, unknownId] }),
          [
            { chainId: work.id, outcome: "referenced", references: [after.id] },
            { chainId: unknownId, outcome: "notFound" },
          ],
        );
        expect.equal(
          await client.deleteChains({ tx: "autocommit", chainIds: [work.id], cascade: true }),
          [
            { chainId: work.id, outcome: "deleted" },
            { chainId: after.id, outcome: "deleted" },
          ],
        );
        expect.equal(await client.getChain({ chain: after }), undefined);
        expect.equal((await client.inspect.listJobs()).jobs, []);
        await expect.rejects(client.awaitChain({ chain: work, ...soon }), "CHAIN_NOT_FOUND");
        await expect.rejects(client.explain({ chainId: work.id }), "CHAIN_NOT_FOUND");
        await expect.rejects(client.explain({ jobId: `${work.id}:0` }), "JOB_NOT_FOUND");
      },
    ),

    defineBehaviour(
      "P4: a chain whose waiting job was deleted may be cancelled, and completes as any other",
      async (stage, expect) => {
        const { client, start, worker } = await openClient(stage);
        const work = await start();
        const after = await client.startChain({
          tx: "autocommit",
          type: "after",
          blockers: { work },
        });
        await client.deleteChains({ tx: "autocommit", chainIds: [after.id] });
        await worker.start();
        expect.equal((await client.awaitChain({ chain: work, ...soon })).output, "ran");
      },
    ),

    defineBehaviour(
      "P1 P6: actions in a transaction take effect with it, signals included, or not at all",
      async (stage, expect) => {
        const { client, start } = await openClient(stage);
        const [kept, lost] = [await start(), await start()];
        const { events } = stage.process;
        const before = events.all.length;
        await caught(
          client.transaction(async (tx) => {
            await client.cancel({ tx, chainIds: [lost.id] });
            await client.operate.pauseTypes({ tx, types: ["work"] });
            throw new UserError();
          }),
        );
        expect.equal(
          [events.all.length - before, (await client.getChain({ chain: lost }))?.status],
          [0, "open"],
        );
        await client.transaction(async (tx) => {
          await client.cancel({ tx, chainIds: [kept.id] });
          expect.equal(events.all.length - before, 0);
          expect.match(
            await client.getChain({ chain: kept }),
            { status: "open" },
            "read from outside",
          );
        });
        expect.match(events.all.slice(before), [
          { name: "chain.closed", chainId: kept.id, chainType: "work", status: "cancelled" },
        ]);
      },
    ),

    defineBehaviour(
      "P4: a paused type is not claimed, and goes on when it is resumed",
      async (stage, expect) => {
        const { client, start, worker } = await openClient(stage);
        const types = ["work"];
        await client.operate.pauseTypes({ tx: "autocommit", types });
        await client.operate.pauseTypes({ tx: "autocommit", types });
        const chain = await start();
        await worker.start();
        await worker.drain();
        expect.match(await client.inspect.getJob({ jobId: `${chain.id}:0` }), { status: "ready" });
        expect.match((await client.explain({ chainId: chain.id })).reasons, [
          { kind: "typePaused" },
        ]);
        expect.match((await client.inspect.stats()).pausedTypes, types);
        await client.operate.resumeTypes({ tx: "autocommit", types });
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "ran");
      },
    ),

    defineBehaviour(
      "P6: operate asks who may act before anything is written, and tells what was done after the commit",
      async (stage, expect) => {
        const requests: AuthorizeRequest[] = [];
        const client = stage.use(
          await createClient({
            jobTypes,
            ...stage.process.ports,
            operations: {
              actor: "default",
              authorize: async (request) => {
                requests.push(request);
                return request.actor !== "mallory";
              },
            },
          }),
        );
        const chain = await client.startChain({ tx: "autocommit", type: "work", delayMs: 60_000 });
        await expect.rejects(
          client.operate.cancel({ tx: "autocommit", chainIds: [chain.id], actor: "mallory" }),
          "OPERATION_REFUSED",
          { action: "cancel" },
        );
        expect.match(await client.getChain({ chain }), { status: "open" });
        expect.equal(stage.process.events.named("operate.action"), []);
        expect.equal(
          await client.operate.trigger({
            tx: "autocommit",
            chainIds: [chain.id],
            reason: "asked for",
          }),
          [{ chainId: chain.id, outcome: "triggered" }],
        );
        await client.operate.cancel({
          tx: "autocommit",
          chainIds: [chain.id, unknownId],
          actor: "alice",
          reason: "gone",
          cascade: true,
        });
        expect.match(requests, [
          {
            action: "cancel",
            actor: "mallory",
            chainIds: [chain.id],
            types: ["work"],
            cascade: false,
          },
          {
            action: "trigger",
            actor: "default",
            chainIds: [chain.id],
            types: ["work"],
            cascade: false,
          },
          {
            action: "cancel",
            actor: "alice",
            chainIds: [chain.id, unknownId],
            types: ["work"],
            cascade: true,
          },
        ]);
        expect.match(stage.process.events.named("operate.action"), [
          { action: "trigger", actor: "default", reason: "asked for", affectedCount: 1 },
          {
            action: "cancel",
            actor: "alice",
            reason: "gone",
            chainIds: [chain.id, unknownId],
            affectedCount: 1,
          },
        ]);
        expect.match(await client.getChain({ chain }), { status: "cancelled", reason: "gone" });
      },
    ),

    defineBehaviour("P6: an action that rolled back is never told of", async (stage, expect) => {
      const { client, start } = await openClient(stage);
      const chain = await start();
      await caught(
        client.transaction(async (tx) => {
          await client.operate.deleteChains({ tx, chainIds: [chain.id] });
          throw new UserError();
        }),
      );
      expect.equal(stage.process.events.named("operate.action"), []);
      expect.match(await client.getChain({ chain }), { status: "open" });
    }),

    defineBehaviour(
      "P4: an action on matching chains first says what it would do, and does no more than it is allowed",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        await client.startChains({
          tx: "autocommit",
          chains: Array.from({ length: 7 }, (_, index) => ({
            type: "work" as const,
            labels: { group: index < 5 ? "a" : "b" },
          })),
        });
        const filter = { label: { key: "group", value: "a" } };
        expect.match(await client.operate.cancelMatching({ tx: "autocommit", filter }), {
          isDryRun: true,
          matchedCount: 5,
          affectedCount: 0,
          isTruncated: false,
        });
        expect.equal((await client.inspect.countChains({ statuses: ["open"] })).count, 7);
        expect.match(
          await client.operate.cancelMatching({
            tx: "autocommit",
            filter,
            max: 3,
            isDryRun: false,
          }),
          { isDryRun: false, matchedCount: 3, affectedCount: 3, isTruncated: true },
        );
        expect.match(
          await client.operate.cancelMatching({
            tx: "autocommit",
            filter,
            max: 3,
            isDryRun: false,
          }),
          { matchedCount: 2, affectedCount: 2, isTruncated: false },
        );
        expect.match(
          await client.operate.deleteMatching({ tx: "autocommit", filter: {}, isDryRun: false }),
          { matchedCount: 5, affectedCount: 5 },
        );
        expect.equal(
          (await client.inspect.countChains()).count,
          2,
          "open chains are left unless they are asked for",
        );
        await expect.rejects(
          client.operate.cancelMatching({ tx: "autocommit", filter, max: 0 }),
          "OPTION_INVALID",
        );
        await expect.rejects(
          client.operate.cancel({
            tx: "autocommit",
            chainIds: Array.from({ length: 1_001 }, () => unknownId),
          }),
          "OPTION_INVALID",
        );
      },
    ),
  ],
};

async function openClient(
  stage: Stage,
  work: (handler: {
    readonly job: { readonly input: string | undefined };
  }) => Promise<string> = async () => "ran",
) {
  const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
  const worker = stage.use(
    createWorker(client, {
      ...soon,
      retry: { maxAttempts: 1 },
      handlers: { work, after: async ({ job }) => `after ${job.blockers.work.output}` },
    }),
  );
  return { client, worker, start: () => client.startChain({ tx: "autocommit", type: "work" }) };
}
