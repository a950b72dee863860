import { createClient, createWorker, defineJobTypes, json } from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { defineBehaviour, soon } from "./support/stage.ts";

const jobTypes = defineJobTypes<{
  work: { entry: true; output: string };
  other: { entry: true };
}>();

export const clients: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "clients-and-workers",
  cases: [
    defineBehaviour(
      "P9: a client of a database without the schema is refused, and says to migrate",
      async (stage, expect) => {
        const bare = await stage.installation.sibling.openState!({ clock: stage.clock.now });
        try {
          await expect.rejects(createClient({ jobTypes, state: bare }), "STORE_SETUP_INVALID");
          await bare.migrate();
          await stage
            .use(await createClient({ jobTypes, state: bare }))
            .getChain({ chainId: "0193e5f0-0000-7000-8000-000000000099" });
        } finally {
          await bare.close();
        }
      },
      { needs: "schema" },
    ),

    defineBehaviour("P1: slices that do not fit together make no client", async (stage, expect) => {
      const { ports } = stage.process;
      const orders = defineJobTypes({ "order.place": { entry: true } });
      const again = defineJobTypes({ "order.place": { entry: true } });
      const loose = defineJobTypes(
        { "order.ship": { entry: true, continueWith: "billing.charge" } },
        [defineJobTypes<{ "billing.charge": {} }>()],
      );
      await expect.rejects(
        createClient({ jobTypes: [orders, again] as never, ...ports }),
        "JOB_TYPE_DUPLICATE",
        { typeName: "order.place" },
      );
      await expect.rejects(
        createClient({ jobTypes: [loose] as never, ...ports }),
        "JOB_TYPE_DEFINITION_INVALID",
        { typeName: "order.ship" },
      );
    }),

    defineBehaviour("P1: making a client writes nothing", async (stage, expect) => {
      stage.use(await createClient({ jobTypes, ...stage.process.ports }));
      const writes = [
        "startChains",
        "registerWorker",
        "transaction",
        "exchange",
        "renew",
        "reap",
        "promote",
      ];
      expect.equal(
        writes.filter((operation) => stage.process.store.count(operation) > 0),
        [],
      );
      expect.equal(stage.process.channel.count("subscribe"), 0);
    }),

    defineBehaviour(
      "P1: an empty list of starts is answered with nothing",
      async (stage, expect) => {
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        expect.equal(await client.startChains({ tx: "autocommit", chains: [] }), []);
        expect.equal(stage.process.store.count("startChains"), 0);
      },
    ),

    defineBehaviour(
      "A7: a worker claims the types that it handles, and no others",
      async (stage, expect) => {
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const [work, other] = await client.startChains({
          tx: "autocommit",
          chains: [{ type: "work" }, { type: "other" }],
        });
        const worker = stage.use(
          createWorker(client, { ...soon, handlers: { work: async () => "ran" } }),
        );
        await worker.start();
        await client.awaitChain({ chain: work, ...soon });
        await worker.drain();
        expect.match(await client.inspect.getJob({ jobId: `${other.id}:0` }), {
          status: "ready",
          attempt: 0,
        });
        expect.match((await client.explain({ chainId: other.id })).reasons, [{ kind: "noWorker" }]);
        expect.match(await client.inspect.stats(), { typesWithoutWorker: ["other"] });
      },
    ),

    defineBehaviour(
      "P4: a worker is known to operators by its name, its place and what it runs, and is gone after its stop",
      async (stage, expect) => {
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const gate = stage.gate();
        const handlers = {
          work: async () => {
            await gate.pass();
            return "ran";
          },
        };
        const named = stage.use(
          createWorker(client, {
            ...soon,
            name: "named",
            concurrency: 3,
            leaseMs: 60_000,
            handlers,
          }),
        );
        await named.start();
        await client.startChain({ tx: "autocommit", type: "work" });
        await gate.arrived();
        expect.match(await client.inspect.listWorkers(), [
          {
            workerId: named.id,
            name: "named",
            types: ["work"],
            concurrency: 3,
            isLive: true,
            runningCount: 1,
            leaseUntil: new Date(stage.clock.now() + 60_000),
          },
        ]);
        gate.open();
        await named.stop();
        const unnamed = stage.use(createWorker(client, { ...soon, handlers }));
        await unnamed.start();
        const [listed] = await client.inspect.listWorkers();
        expect.ok(listed !== undefined && listed.pid > 0, "the process is named");
        expect.ok(
          listed !== undefined && listed.name.includes(String(listed.pid)),
          `a name made of host and process id, not ${JSON.stringify(listed?.name)}`,
        );
        expect.ok(unnamed.id !== named.id, "each worker has an id of its own");
      },
    ),

    defineBehaviour(
      "G: stop without a deadline of its own takes the worker's",
      async (stage, expect) => {
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const gate = stage.gate();
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            stopTimeoutMs: 1,
            handlers: {
              work: async ({ signal }) => {
                await gate.pass(signal);
                return "ran";
              },
            },
          }),
        );
        await worker.start();
        await client.startChain({ tx: "autocommit", type: "work" });
        await gate.arrived();
        await worker.stop();
        expect.match(stage.process.events.named("attempt.aborted"), [{ reason: "shutdown" }]);
        await expect.rejects(worker.stop({ timeoutMs: -1 }), "OPTION_INVALID");
      },
    ),

    defineBehaviour(
      "P3: a worker without prefetch never claims more than its free slots",
      async (stage, expect) => {
        const types = defineJobTypes<{ work: { entry: true } }>();
        const client = stage.use(await createClient({ jobTypes: types, ...stage.process.ports }));
        const asked: number[] = [];
        stage.process.store.intercept(({ operation, params, proceed }) => {
          const claim =
            operation === "exchange"
              ? (params as { claim?: { slots: number; ahead: number } }).claim
              : undefined;
          if (claim !== undefined) asked.push(claim.slots, claim.ahead);
          return proceed();
        });
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            concurrency: 2,
            prefetchMs: 0,
            handlers: { work: async () => {} },
          }),
        );
        await client.startChains({
          tx: "autocommit",
          chains: Array.from({ length: 50 }, () => ({ type: "work" as const })),
        });
        await worker.start();
        await worker.drain();
        expect.ok(
          asked.length > 0 &&
            asked.every((count, index) => (index % 2 === 0 ? count <= 2 : count === 0)),
          `asked for ${asked.join()}`,
        );
        expect.equal((await client.inspect.countChains({ statuses: ["completed"] })).count, 50);
      },
    ),

    defineBehaviour(
      "P1: a worker is made of a client itself, not of a copy",
      async (stage, expect) => {
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const make = async () =>
          createWorker({ ...client } as typeof client, { handlers: { other: async () => {} } });
        await expect.rejects(make(), "LIFECYCLE_INVALID");
      },
    ),

    defineBehaviour(
      "P8: a start at an instant runs at it by the database's clock, and one in the past at once",
      async (stage, expect) => {
        const types = defineJobTypes({
          work: { entry: true, input: json<string>(), output: json<string>() },
        });
        const client = stage.use(await createClient({ jobTypes: types, ...stage.process.ports }));
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              work: async ({ job }) => `${job.input} at ${job.scheduledAt.toISOString()}`,
            },
          }),
        );
        await worker.start();
        const at = new Date(stage.clock.now() + 10_000);
        const later = await client.startChain({
          tx: "autocommit",
          type: "work",
          input: "later",
          scheduledAt: at,
        });
        // Past by the database's clock, which is years ahead of the process's.
        const past = new Date(stage.clock.now() - 1);
        const now = await client.startChain({
          tx: "autocommit",
          type: "work",
          input: "now",
          scheduledAt: past,
        });
        expect.equal(
          (await client.awaitChain({ chain: now, ...soon })).output,
          `now at ${past.toISOString()}`,
        );
        stage.clock.advance(9_999);
        await worker.drain();
        expect.match(await client.getChain({ chain: later }), { status: "open" });
        stage.clock.advance(1);
        expect.equal(
          (await client.awaitChain({ chain: later, ...soon })).output,
          `later at ${at.toISOString()}`,
        );
      },
    ),
  ],
};
