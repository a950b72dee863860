import { createClient, createWorker, defineJobTypes, type JsonValue } from "queuert";

import type { ConformanceSuite } from "../case.ts";
import type { ConformanceStore } from "../fixture.ts";
import { defineBehaviour, soon, type Stage } from "./support/stage.ts";

const jobTypes = defineJobTypes<{
  echo: { entry: true; input: JsonValue; continueWith: "again" };
  again: { input: JsonValue; output: JsonValue };
}>();

const bigLength = 8_000_000;

export const payloads: ConformanceSuite<ConformanceStore> = {
  kind: "behaviour",
  name: "payloads",
  cases: [
    defineBehaviour(
      "E1 E3: what JSON can carry comes back as it went in: start, continuation, output",
      async (stage, expect) => {
        const { client } = await openEcho(stage);
        const values: readonly JsonValue[] = [
          "a\u0000b",
          "half a pair \ud800 and \udfff",
          "\u2028\u2029 \u{1f600} \\u0000 ' \" ; -- %",
          "",
          0,
          -1.5e-7,
          Number.MAX_SAFE_INTEGER,
          true,
          null,
          [],
          {},
          [[null], { deep: [{ deeper: "x" }] }],
          JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 1}') as JsonValue,
          { "": "empty key", "a.b": 1, "\u0000": 2 },
        ];
        const chains = await client.startChains({
          tx: "autocommit",
          chains: values.map((input) => ({ type: "echo" as const, input })),
        });
        for (const [index, chain] of chains.entries()) {
          const { output } = await client.awaitChain({ chain, ...soon });
          expect.equal(JSON.stringify(output), JSON.stringify(values[index]), `value ${index}`);
        }
        expect.equal(({} as { polluted?: number }).polluted, undefined);
      },
    ),

    defineBehaviour(
      "E3: what JSON would change or drop is refused at the start, by its path, and nothing is written",
      async (stage, expect) => {
        const { client } = await openEcho(stage);
        const circle: Record<string, unknown> = {};
        circle["self"] = circle;
        const wrong: readonly [unknown, string][] = [
          [Number.NaN, ""],
          [{ deep: [1, Number.POSITIVE_INFINITY] }, "deep.1"],
          [{ at: new Date(0) }, "at"],
          [{ big: 5n }, "big"],
          [[undefined], "0"],
          [{ map: new Map() }, "map"],
          [{ call: () => 1 }, "call"],
          [{ toJSON: () => 1 }, ""],
          [circle, "self"],
        ];
        for (const [input, path] of wrong) {
          await expect.rejects(
            client.startChain({ tx: "autocommit", type: "echo", input: input as JsonValue }),
            "VALUE_NOT_JSON",
            { path },
          );
        }
        expect.equal((await client.inspect.countChains()).count, 0);
      },
    ),

    defineBehaviour(
      "E3: an output that JSON cannot carry fails the attempt instead of the worker",
      async (stage, expect) => {
        const { client, worker } = await openEcho(stage, (input) =>
          input === "bad" ? Number.NaN : input,
        );
        const bad = await client.startChain({ tx: "autocommit", type: "echo", input: "bad" });
        const good = await client.startChain({ tx: "autocommit", type: "echo", input: "good" });
        await expect.rejects(client.awaitChain({ chain: bad, ...soon }), "CHAIN_FAILED");
        expect.match(await client.inspect.getChain({ chainId: bad.id }), {
          error: { code: "VALUE_NOT_JSON" },
        });
        expect.equal((await client.awaitChain({ chain: good, ...soon })).output, "good");
        await worker.drain();
      },
    ),

    defineBehaviour("E3: absent properties are left out, and -0 is 0", async (stage, expect) => {
      const { client } = await openEcho(stage);
      const chain = await client.startChain({
        tx: "autocommit",
        type: "echo",
        input: { absent: undefined, zero: -0 },
      });
      const { output } = await client.awaitChain({ chain, ...soon });
      expect.equal(JSON.stringify(output), '{"zero":0}');
    }),

    defineBehaviour(
      `E2: a payload of ${bigLength} characters passes through a chain`,
      async (stage, expect) => {
        const { client } = await openEcho(stage);
        const chain = await client.startChain({
          tx: "autocommit",
          type: "echo",
          input: "x".repeat(bigLength),
        });
        const { output } = await client.awaitChain({ chain, ...soon });
        expect.ok(typeof output === "string" && output.length === bigLength, "it came back whole");
      },
    ),
  ],
};

async function openEcho(stage: Stage, change: (input: JsonValue) => JsonValue = (input) => input) {
  const client = stage.use(await createClient({ jobTypes, ...stage.process.ports }));
  const worker = stage.use(
    createWorker(client, {
      ...soon,
      retry: { maxAttempts: 1 },
      handlers: {
        echo: async ({ job, continueWith }) => continueWith({ type: "again", input: job.input }),
        again: async ({ job }) => change(job.input),
      },
    }),
  );
  await worker.start();
  return { client, worker };
}
