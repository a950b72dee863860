import { createClient, createWorker, defineJobTypes, json } from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { caught, UserError } from "./support/caught.ts";
import { isoDate } from "./support/schemas.ts";
import { defineBehaviour, soon, type Stage } from "./support/stage.ts";

const jobTypes = defineJobTypes({
  ask: { entry: true, input: json<string>(), continueWith: "approval" },
  approval: {
    entry: true,
    output: json<{ approved: boolean }>(),
    continueWith: ["escalation"],
    blockers: {},
  },
  escalation: { input: json<{ to: string }>(), output: isoDate },
  gated: { entry: true, blockers: { approval: "approval" } },
});
const unknownId = "0193e5f0-0000-7000-8000-000000000099";

export const completeChain: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "complete-chain",
  cases: [
    defineBehaviour(
      "P2: an approval completes the open job, the chain, and what waits for it, without a worker",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        const chain = await client.startChain({ tx: "autocommit", type: "approval" });
        const gated = await client.startChain({
          tx: "autocommit",
          type: "gated",
          blockers: { approval: chain },
        });
        expect.equal(
          await client.completeChain({
            tx: "autocommit",
            chain,
            type: "approval",
            output: { approved: true },
          }),
          { outcome: "completed" },
        );
        expect.equal((await client.awaitChain({ chain, ...soon })).output, { approved: true });
        expect.match(await client.inspect.getJob({ jobId: `${gated.id}:0` }), { status: "ready" });
        const { events } = stage.process;
        expect.match(events.named("job.completedWithoutWorker"), [
          { jobId: `${chain.id}:0`, type: "approval", outcome: "completed" },
        ]);
        expect.match(events.named("chain.closed"), [{ chainId: chain.id, status: "completed" }]);
        expect.match(events.named("job.unblocked"), [
          { jobId: `${gated.id}:0`, chainId: gated.id, type: "gated" },
        ]);
      },
    ),

    defineBehaviour(
      "P2: an approval may continue the chain, and a worker takes it from there",
      async (stage, expect) => {
        const { client, worker } = await openClient(stage);
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "approval" });
        expect.equal(
          await client.completeChain({
            tx: "autocommit",
            chainId: chain.id,
            type: "approval",
            continueWith: { type: "escalation", input: { to: "boss" } },
          }),
          { outcome: "continued" },
        );
        expect.equal(
          (await client.awaitChain({ chain, ...soon })).output,
          new Date("2026-01-01T00:00:00.000Z"),
        );
        expect.match(stage.process.events.named("job.continued"), [
          { jobId: `${chain.id}:0`, nextJobId: `${chain.id}:1`, nextType: "escalation" },
        ]);
      },
    ),

    defineBehaviour(
      "P3: whatever it does not apply to is named and left alone",
      async (stage, expect) => {
        const { client, worker } = await openClient(stage);
        const output = { approved: true };
        expect.equal(
          await client.completeChain({
            tx: "autocommit",
            chainId: unknownId,
            type: "approval",
            output,
          }),
          { outcome: "notFound" },
        );
        const asked = await client.startChain({ tx: "autocommit", type: "ask", input: "?" });
        expect.equal(
          await client.completeChain({ tx: "autocommit", chain: asked, type: "approval", output }),
          { outcome: "otherType", type: "ask" },
        );
        const approval = await client.startChain({ tx: "autocommit", type: "approval" });
        const gated = await client.startChain({
          tx: "autocommit",
          type: "gated",
          blockers: { approval },
        });
        expect.equal(
          await client.completeChain({ tx: "autocommit", chain: gated, type: "gated" }),
          { outcome: "blocked" },
        );
        await client.cancel({ tx: "autocommit", chainIds: [asked.id] });
        expect.equal(
          await client.completeChain({
            tx: "autocommit",
            chain: asked,
            type: "ask",
            continueWith: { type: "approval" },
          }),
          { outcome: "notOpen", chainStatus: "cancelled" },
        );
        await client.completeChain({ tx: "autocommit", chain: approval, type: "approval", output });
        expect.equal(
          await client.completeChain({
            tx: "autocommit",
            chain: approval,
            type: "approval",
            output,
          }),
          { outcome: "notOpen", chainStatus: "completed" },
        );
        await worker.start();
        await client.awaitChain({ chain: gated, ...soon });
        expect.equal(stage.process.events.named("job.completedWithoutWorker").length, 1);
      },
    ),

    defineBehaviour(
      "P1: its values are checked as a handler's would be, and nothing is written",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        const chain = await client.startChain({ tx: "autocommit", type: "approval" });
        const complete = (fields: object) =>
          client.completeChain({ tx: "autocommit", chain, type: "approval", ...fields } as never);
        await client.completeChain({
          tx: "autocommit",
          chain,
          type: "approval",
          continueWith: { type: "escalation", input: { to: "boss" } },
        });
        await expect.rejects(
          client.completeChain({ tx: "autocommit", chain, type: "escalation", output: "no date" }),
          "VALUE_INVALID",
          { where: "output" },
        );
        await expect.rejects(complete({ output: { approved: Number.NaN } }), "VALUE_NOT_JSON");
        await expect.rejects(
          complete({
            output: { approved: true },
            continueWith: { type: "escalation", input: { to: "" } },
          }),
          "OPTION_INVALID",
        );
        await expect.rejects(
          complete({ continueWith: { type: "ask", input: "" } }),
          "JOB_TYPE_UNKNOWN",
        );
        await expect.rejects(
          complete({ continueWith: { type: "escalation", input: { to: "" }, delayMs: -1 } }),
          "OPTION_INVALID",
        );
        expect.match(await client.getChain({ chain }), { status: "open" });
      },
    ),

    defineBehaviour(
      "P2: a type that has to continue cannot be completed with an output",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        const chain = await client.startChain({ tx: "autocommit", type: "ask", input: "?" });
        const error = await caught(
          client.completeChain({ tx: "autocommit", chain, type: "ask" } as never),
        );
        expect.ok(error instanceof Error, "it is refused");
        expect.match(await client.getChain({ chain }), { status: "open" });
      },
    ),

    defineBehaviour(
      "P1 P6: in a transaction it takes effect with it, or not at all",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        const chain = await client.startChain({ tx: "autocommit", type: "approval" });
        const complete = (tx: unknown) =>
          client.completeChain({ tx, chain, type: "approval", output: { approved: true } });
        await caught(
          client.transaction(async (tx) => {
            expect.equal(await complete(tx), { outcome: "completed" });
            throw new UserError();
          }),
        );
        expect.match(await client.getChain({ chain }), { status: "open" });
        expect.equal(stage.process.events.named("chain.closed"), []);
        await client.transaction(async (tx) => {
          await complete(tx);
          expect.equal(stage.process.events.named("chain.closed"), []);
        });
        expect.equal(stage.process.events.named("chain.closed").length, 1);
      },
    ),

    defineBehaviour(
      "P3: it races with a worker that runs the job, and one of the two ends it",
      async (stage, expect) => {
        const { client } = await openClient(stage);
        for (let round = 0; round < 10; round++) {
          const gate = stage.gate();
          const process = await stage.openProcess();
          const workerClient = stage.use(await createClient({ jobTypes, ...process.ports }));
          const worker = stage.use(
            createWorker(workerClient, {
              ...soon,
              handlers: {
                approval: async () => {
                  await gate.pass();
                  return { approved: false };
                },
              },
            }),
          );
          await worker.start();
          const chain = await client.startChain({ tx: "autocommit", type: "approval" });
          await gate.arrived();
          gate.open();
          const { outcome } = await client.completeChain({
            tx: "autocommit",
            chain,
            type: "approval",
            output: { approved: true },
          });
          const done = await client.awaitChain({ chain, ...soon });
          expect.equal(done.output, { approved: outcome === "completed" });
          await process.events.first("attempt.ended");
          await worker.stop();
          const closed = [
            ...process.events.named("chain.closed"),
            ...stage.process.events.named("chain.closed"),
          ].filter(({ chainId }) => chainId === chain.id);
          expect.equal(closed.length, 1, "one of the two tells that the chain closed");
        }
      },
    ),

    defineBehaviour("P2: a scheduled approval may come before its time", async (stage, expect) => {
      const { client } = await openClient(stage);
      const chain = await client.startChain({
        tx: "autocommit",
        type: "approval",
        delayMs: 86_400_000,
      });
      expect.equal(
        await client.completeChain({
          tx: "autocommit",
          chain,
          type: "approval",
          output: { approved: true },
        }),
        { outcome: "completed" },
      );
      expect.equal((await client.awaitChain({ chain, ...soon })).output, { approved: true });
    }),

    defineBehaviour(
      "P1: a continuation that waits for a missing chain is refused and changes nothing",
      async (stage, expect) => {
        const types = defineJobTypes<{
          wait: { entry: true; continueWith: "join" };
          join: { blockers: { part: "part" } };
          part: { entry: true };
        }>();
        const client = stage.use(await createClient({ jobTypes: types, ...stage.process.ports }));
        const chain = await client.startChain({ tx: "autocommit", type: "wait" });
        await expect.rejects(
          client.completeChain({
            tx: "autocommit",
            chain,
            type: "wait",
            continueWith: { type: "join", blockers: { part: { id: unknownId, type: "part" } } },
          }),
          "BLOCKER_UNUSABLE",
          { chainId: unknownId, reason: "notFound" },
        );
        expect.match(await client.getChain({ chain }), { status: "open" });
        expect.equal((await client.inspect.listJobs({ chainId: chain.id })).jobs.length, 1);
      },
    ),
  ],
};

async function openClient(stage: Stage) {
  const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
  const worker = stage.use(
    createWorker(client, {
      ...soon,
      handlers: { escalation: async () => "2026-01-01T00:00:00.000Z", gated: async () => {} },
    }),
  );
  return { client, worker };
}
