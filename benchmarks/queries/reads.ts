import assert from "node:assert/strict";

import type { Populated } from "./populate.ts";

/** A read that a person or a tool makes; resolves with how many things it found. */
export type Read = (populated: Populated) => Promise<number>;

/** How many pages stand before the one that is read deep in a list. */
const deepPageCount = 20;

const listChains =
  (
    select: (populated: Populated) => Parameters<Populated["client"]["inspect"]["listChains"]>[0],
  ): Read =>
  async (populated) =>
    (await populated.client.inspect.listChains(select(populated))).chains.length;

const listJobs =
  (
    select: (populated: Populated) => Parameters<Populated["client"]["inspect"]["listJobs"]>[0],
  ): Read =>
  async (populated) =>
    (await populated.client.inspect.listJobs(select(populated))).jobs.length;

const countChains =
  (select: Parameters<Populated["client"]["inspect"]["countChains"]>[0]): Read =>
  async ({ client }) =>
    (await client.inspect.countChains(select)).count;

const middle = ([first, last]: readonly [Date, Date]): Date =>
  new Date((first.getTime() + last.getTime()) / 2);

/** The reads of a dashboard, by name. */
export const reads: Readonly<Record<string, Read>> = {
  "list chains": listChains(() => ({})),
  "list chains, oldest first": listChains(() => ({ order: "oldest" })),
  "list chains of a type": listChains(() => ({ types: ["report"] })),
  "list chains of a rare type": listChains(() => ({ types: ["gate"] })),
  "list open chains": listChains(() => ({ statuses: ["open"] })),
  "list failed chains": listChains(() => ({ statuses: ["failed"] })),
  "list failed chains of a type": listChains(() => ({ types: ["broken"], statuses: ["failed"] })),
  "list failed chains where there are none": listChains(() => ({
    types: ["report"],
    statuses: ["failed"],
  })),
  "list chains of a tenant": listChains(() => ({ label: { key: "tenant", value: "tenant-7" } })),
  "list failed chains of a tenant": listChains(() => ({
    label: { key: "tenant", value: "tenant-7" },
    statuses: ["failed"],
  })),
  "list chains of a time": listChains(({ startedBetween }) => ({
    createdBefore: middle(startedBetween),
  })),
  "list chains, page by page": readDeepPages,
  "count chains": countChains({}),
  "count failed chains": countChains({ statuses: ["failed"] }),
  "count chains of a tenant": countChains({ label: { key: "tenant", value: "tenant-7" } }),
  "list jobs": listJobs(() => ({})),
  "list jobs of a type": listJobs(() => ({ types: ["order.ship"] })),
  "list ready jobs": listJobs(() => ({ statuses: ["ready"] })),
  "list failed jobs": listJobs(() => ({ statuses: ["failed"] })),
  "list jobs of a chain": listJobs(({ chainIds }) => ({ chainId: chainIds.order })),
  "a chain": async ({ client, chainIds }) => {
    const chain = await client.inspect.getChain({ chainId: chainIds.order });
    return chain?.jobs.jobs.length ?? 0;
  },
  "a chain that many wait for": async ({ client, chainIds }) => {
    const chain = await client.inspect.getChain({ chainId: chainIds.gate });
    return chain?.dependants.length ?? 0;
  },
  "the attempts of a failed job": async ({ client, chainIds }) =>
    (await client.inspect.listAttempts({ jobId: `${chainIds.broken}:0` })).length,
  "graph around a chain that many wait for": async ({ client, chainIds }) =>
    (await client.inspect.graph({ chainId: chainIds.gate })).edges.length,
  "graph around a chain that waits for many": async ({ client, chainIds }) =>
    (await client.inspect.graph({ chainId: chainIds.whole })).edges.length,
  "why a job is not running": async ({ client, chainIds }) => {
    const { status } = await client.inspect.explain({ chainId: chainIds.gated });
    assert.equal(status, "blocked");
    return 1;
  },
  stats: async ({ client }) => (await client.inspect.stats()).counts.ready,
  "list types": async ({ client }) => (await client.inspect.listTypes()).length,
};

/** One page of the list, some way down; the reads take turns through the pages. */
const cursors = new WeakMap<Populated, string[]>();

async function readDeepPages(populated: Populated): Promise<number> {
  let known = cursors.get(populated);
  if (known === undefined) {
    known = await collectCursors(populated);
    cursors.set(populated, known);
  }
  const cursor = known.shift();
  if (cursor === undefined) return 0;
  known.push(cursor);
  return (await populated.client.inspect.listChains({ cursor })).chains.length;
}

async function collectCursors({ client }: Populated): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  while (found.length < deepPageCount) {
    const page = await client.inspect.listChains(cursor === undefined ? {} : { cursor });
    cursor = page.nextCursor;
    if (cursor === undefined) break;
    found.push(cursor);
  }
  return found;
}
