import type { ChainFilter, JobFilter, JobKey, StateAdapter } from "queuert/adapter";

import type { SeededRandom } from "../support/random.ts";
import { sortBy } from "./canonical.ts";
import type { Step, World } from "./steps.ts";

const pageCountMax = 3;

/** Some pages of chains by some filter, and how many there are. */
export function readChains(world: World, types: readonly string[]): Step {
  const { random } = world;
  const filter = someChainFilter(world, types);
  const [order, limit] = [random.pick(["newest", "oldest"] as const), 1 + random.integer(8)];
  return {
    action: `read chains, ${order} first`,
    run: async (state) => ({
      pages: await readPages(async (after: string | undefined) => {
        const page = await state.listChains({ filter, order, after, limit });
        return { page, last: page.at(-1)?.chainId };
      }),
      count: await state.countChains({ filter, cap: 50 }),
    }),
  };
}

/** Some pages of jobs by some filter. */
export function readJobs(world: World, types: readonly string[]): Step {
  const { random } = world;
  const filter = someJobFilter(world, types);
  const [order, limit] = [random.pick(["newest", "oldest"] as const), 1 + random.integer(8)];
  return {
    action: `read jobs, ${order} first`,
    run: async (state) =>
      readPages(async (after: JobKey | undefined) => {
        const page = await state.listJobs({ filter, order, after, limit });
        return {
          page: page.map(({ chainId, chainIndex }) => ({ chainId, chainIndex })),
          last: page.at(-1),
        };
      }),
  };
}

/** The numbers of work, cut off early. */
export function readStats(world: World): Step {
  const cap = 1 + world.random.integer(5);
  return {
    action: `read stats up to ${cap}`,
    run: async (state: StateAdapter) =>
      sortBy(
        (await state.stats({ cap })).filter(({ counts }) =>
          Object.values(counts).some((count) => count > 0),
        ),
        ({ type }) => type,
      ),
  };
}

async function readPages<TKey>(
  read: (after: TKey | undefined) => Promise<{ page: readonly unknown[]; last: TKey | undefined }>,
): Promise<readonly unknown[]> {
  const pages: unknown[] = [];
  let after: TKey | undefined;
  for (let count = 0; count < pageCountMax; count++) {
    const { page, last } = await read(after);
    pages.push(page);
    if (last === undefined) break;
    after = last;
  }
  return pages;
}

function someChainFilter(world: World, types: readonly string[]): ChainFilter {
  const { random, clock } = world;
  const instant = (): Date => new Date(clock.now() - random.integer(60_000));
  return {
    types: sometimes(random, () => some(random, types)),
    statuses: sometimes(random, () =>
      some(random, ["open", "completed", "failed", "cancelled"] as const),
    ),
    label: sometimes(random, () => ({ key: "shard", value: `${random.integer(4)}` })),
    createdAfter: sometimes(random, instant),
    createdBefore: sometimes(random, instant),
  };
}

function someJobFilter(
  { random, chainIds, liveWorkerIds }: World,
  types: readonly string[],
): JobFilter {
  return {
    chainId:
      chainIds.length > 0 ? sometimes(random, () => random.pick(chainIds.slice(-20))) : undefined,
    types: sometimes(random, () => some(random, types)),
    statuses: sometimes(random, () =>
      some(random, ["blocked", "scheduled", "ready", "running", "completed", "failed"] as const),
    ),
    workerId: sometimes(random, () => random.pick(liveWorkerIds)),
  };
}

function sometimes<TValue>(random: SeededRandom, make: () => TValue): TValue | undefined {
  return random.integer(3) === 0 ? make() : undefined;
}

function some<TValue>(random: SeededRandom, values: readonly TValue[]): readonly TValue[] {
  return random.shuffle([...values]).slice(0, random.integer(values.length + 1));
}
