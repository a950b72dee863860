import { createClient, createWorker, defineJobTypes } from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { defineBehaviour, eventually, soon } from "./support/stage.ts";

const jobTypes = defineJobTypes<{ work: { entry: true; output: string } }>();

export const progress: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "progress",
  cases: [
    defineBehaviour(
      "P3: the last value goes out with the worker's next beat, and can be read while the job runs",
      async (stage, expect) => {
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const steps = [stage.gate(), stage.gate()] as const;
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            leaseMs: 1_000,
            handlers: {
              work: async ({ progress: report }) => {
                report({ done: 1, of: 3 });
                report({ done: 2, of: 3 });
                await steps[0].pass();
                report(null);
                await steps[1].pass();
                return "done";
              },
            },
          }),
        );
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "work" });
        const read = async (): Promise<unknown> =>
          (await client.inspect.getJob({ jobId: `${chain.id}:0` }))?.progress;
        const sent: unknown[] = [];
        stage.process.store.intercept(({ operation, params, proceed }) => {
          if (operation === "renew")
            sent.push(
              ...(params as { progress: readonly { value: string }[] }).progress.map(
                ({ value }) => value,
              ),
            );
          return proceed();
        });
        await eventually(async () => (await read()) !== undefined);
        expect.equal(await read(), { done: 2, of: 3 });
        expect.equal(sent, ['{"done":2,"of":3}'], "the value before was dropped");
        await stage.process.store.next("renew");
        expect.equal(sent.length, 1, "what has gone out does not go again");
        steps[0].open();
        await steps[1].arrived();
        await eventually(async () => (await read()) === null);
        steps[1].open();
        await client.awaitChain({ chain, ...soon });
      },
    ),

    defineBehaviour(
      "E3: a value that JSON cannot carry is thrown to the handler",
      async (stage, expect) => {
        const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
        const worker = stage.use(
          createWorker(client, {
            ...soon,
            handlers: {
              work: async ({ progress: report }) => {
                try {
                  report(Number.NaN);
                  return "accepted";
                } catch (error) {
                  return (error as { code: string }).code;
                }
              },
            },
          }),
        );
        await worker.start();
        const chain = await client.startChain({ tx: "autocommit", type: "work" });
        expect.equal((await client.awaitChain({ chain, ...soon })).output, "VALUE_NOT_JSON");
      },
    ),

    defineBehaviour("P4: a beat that failed sends the progress again", async (stage, expect) => {
      const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
      const gate = stage.gate();
      let failures = 0;
      stage.process.store.intercept(async ({ operation, params, proceed }) => {
        if (
          operation === "renew" &&
          failures < 2 &&
          (params as { progress: readonly unknown[] }).progress.length > 0
        ) {
          failures++;
          throw new Error("The beat fails.");
        }
        return proceed();
      });
      const worker = stage.use(
        createWorker(client, {
          ...soon,
          leaseMs: 1_000,
          handlers: {
            work: async ({ progress: report }) => {
              report("half");
              await gate.pass();
              return "done";
            },
          },
        }),
      );
      await worker.start();
      const chain = await client.startChain({ tx: "autocommit", type: "work" });
      await eventually(
        async () => (await client.inspect.getJob({ jobId: `${chain.id}:0` }))?.progress === "half",
      );
      expect.equal(failures, 2);
      gate.open();
      await client.awaitChain({ chain, ...soon });
    }),
  ],
};
