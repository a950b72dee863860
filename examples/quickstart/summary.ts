// What a run came to, read from the database and not from what was told on the way.
import type { JobSummary } from "queuert";

import { checkFile, checkRun } from "./checks.ts";
import {
  formatCount,
  formatSeconds,
  showCheck,
  showHeading,
  showTable,
  showText,
} from "./output.ts";
import { scenes, type PlacedOrder } from "./scenes.ts";
import type { ShopClient } from "./shop-client.ts";
import { countOrders } from "./shop.ts";

/** @returns Whether everything is true that must be. */
export async function showSummary(
  client: ShopClient,
  placed: readonly PlacedOrder[],
): Promise<boolean> {
  showHeading("The orders of this run");
  const rows = await Promise.all(placed.map((order) => orderRow(client, order)));
  showTable([
    ["order", "shows", "chain", "result", "jobs", "attempts", "waited for", "time"],
    ...rows,
  ]);

  showHeading("What must be true");
  const checks = [...(await checkRun(client, placed)), ...(await checkFile(client))];
  for (const { isTrue, text } of checks) showCheck(isTrue, text);

  const counts = await client.transaction(async (tx) => countOrders(tx));
  showText(
    `\nIn this database: runs ${counts.runs}, orders ${counts.orders}, shipped ${counts.shipped}, rejected ${counts.rejected}. Run it again, and they grow.`,
  );
  return checks.every(({ isTrue }) => isTrue);
}

async function orderRow(
  client: ShopClient,
  { orderId, scene, chain }: PlacedOrder,
): Promise<string[]> {
  const details = await client.inspect.getChain({ chainId: chain.id });
  if (details === undefined) return [orderId, scenes[scene].shows, "none"];
  const { status, output, blockers, createdAt, closedAt } = details;
  const { jobs } = details.jobs;
  return [
    orderId,
    scenes[scene].shows,
    status,
    (output as { readonly result?: string } | undefined)?.result ?? "",
    String(jobs.length),
    await describeAttempts(client, jobs),
    blockers.length === 0 ? "" : formatCount(blockers.length, "parcel"),
    closedAt === null ? "" : formatSeconds(closedAt.getTime() - createdAt.getTime()),
  ];
}

/** Those of workers: a job that was completed without one has none. */
async function describeAttempts(client: ShopClient, jobs: readonly JobSummary[]): Promise<string> {
  const others = await Promise.all(jobs.map(({ jobId }) => client.inspect.listAttempts({ jobId })));
  const outcomes = others.flat().map(({ outcome }) => outcome);
  const successCount = jobs.filter(({ completedBy }) => completedBy !== null).length;
  const total = String(successCount + outcomes.length);
  return outcomes.length === 0 ? total : `${total} (${outcomes.join(", ")})`;
}
