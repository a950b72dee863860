import { type } from "arktype";
import * as v from "valibot";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";

import { createClient, createMemoryStateAdapter, createWorker, defineJobTypes } from "./index.ts";

/** The same four job types, written with each of the libraries: what goes in, comes out and waits is decoded by them. */
const libraries = {
  zod: defineJobTypes({
    meet: {
      entry: true,
      input: z.object({
        at: z.iso.datetime().transform((text) => new Date(text)),
        guests: z.number().int().default(2),
      }),
      continueWith: "report",
    },
    report: {
      input: z.object({ guests: z.number() }),
      output: z.object({ endedAt: z.iso.datetime().transform((text) => new Date(text)) }),
    },
    recall: { entry: true, blockers: { meeting: "meet" }, output: z.number() },
    strict: {
      entry: true,
      input: z.object({ size: z.number().positive() }),
      output: z.enum(["small", "large"]),
    },
  }),
  valibot: defineJobTypes({
    meet: {
      entry: true,
      input: v.object({
        at: v.pipe(
          v.string(),
          v.isoTimestamp(),
          v.transform((text) => new Date(text)),
        ),
        guests: v.optional(v.pipe(v.number(), v.integer()), 2),
      }),
      continueWith: "report",
    },
    report: {
      input: v.object({ guests: v.number() }),
      output: v.object({
        endedAt: v.pipe(
          v.string(),
          v.transform((text) => new Date(text)),
        ),
      }),
    },
    recall: { entry: true, blockers: { meeting: "meet" }, output: v.number() },
    strict: {
      entry: true,
      input: v.object({ size: v.pipe(v.number(), v.minValue(1)) }),
      output: v.picklist(["small", "large"]),
    },
  }),
  arktype: defineJobTypes({
    meet: {
      entry: true,
      input: type({ at: "string.date.iso.parse", guests: "number = 2" }),
      continueWith: "report",
    },
    report: {
      input: type({ guests: "number" }),
      output: type({ endedAt: "string.date.iso.parse" }),
    },
    recall: { entry: true, blockers: { meeting: "meet" }, output: type("number") },
    strict: { entry: true, input: type({ size: "number > 0" }), output: type("'small' | 'large'") },
  }),
};

const at = "2026-01-01T00:00:00.000Z";
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

describe.each(Object.entries(libraries))("job types written with %s", (_library, given) => {
  // The three are alike to the compiler in what they take and give; one of them stands for all.
  const jobTypes = given as (typeof libraries)["zod"];

  async function open() {
    const state = createMemoryStateAdapter();
    closers.push(() => state.close());
    const client = await createClient({ jobTypes, state });
    closers.push(() => client.close());
    const seen: unknown[] = [];
    const worker = createWorker(client, {
      pollIntervalMs: 10,
      retry: { maxAttempts: 1 },
      handlers: {
        meet: async ({ job, continueWith }) => {
          seen.push(job.input);
          return continueWith({ type: "report", input: { guests: job.input.guests } });
        },
        report: async ({ job }) => ({
          endedAt: new Date(Date.parse(at) + job.input.guests).toISOString(),
        }),
        recall: async ({ job }) => job.blockers.meeting.output.endedAt.getTime(),
        strict: async ({ job }) => (job.input.size > 100 ? ("huge" as "large") : "small"),
      },
    });
    await worker.start();
    closers.push(() => worker.stop());
    return { client, seen };
  }

  it("decode inputs, outputs and the outputs of blockers, with defaults", async () => {
    const { client, seen } = await open();
    const meeting = await client.startChain({ tx: "autocommit", type: "meet", input: { at } });
    const recall = await client.startChain({
      tx: "autocommit",
      type: "recall",
      blockers: { meeting },
    });
    const endedAt = new Date(Date.parse(at) + 2);
    expect((await client.awaitChain({ chain: meeting, pollIntervalMs: 10 })).output).toEqual({
      endedAt,
    });
    expect((await client.awaitChain({ chain: recall, pollIntervalMs: 10 })).output).toBe(
      endedAt.getTime(),
    );
    expect(seen).toEqual([{ at: new Date(at), guests: 2 }]);
    expect(await client.inspect.getJob({ jobId: `${meeting.id}:0` })).toMatchObject({
      input: { at },
    });
  });

  it("refuse an input before it is written, naming the property", async () => {
    const { client } = await open();
    const start = client.startChain({ tx: "autocommit", type: "strict", input: { size: -1 } });
    await expect(start).rejects.toMatchObject({
      code: "VALUE_INVALID",
      where: "input",
      issues: [{ path: "size" }],
    });
    expect((await client.inspect.countChains()).count).toBe(0);
  });

  it("refuse an output, which fails the attempt", async () => {
    const { client } = await open();
    const chain = await client.startChain({
      tx: "autocommit",
      type: "strict",
      input: { size: 101 },
    });
    await expect(client.awaitChain({ chain, pollIntervalMs: 10 })).rejects.toMatchObject({
      code: "CHAIN_FAILED",
      cause: { message: expect.stringContaining("strict") },
    });
  });
});
