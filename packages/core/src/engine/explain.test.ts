import { describe, expect, test } from "vitest";
import {
  createOperationsFixture,
  errorText,
  leaseMs,
  nextJob,
  startMs,
  type OperationsFixture,
} from "../client/operate/fixtures/operations-fixture.ts";
import { ChainNotFoundError, JobNotFoundError } from "../errors/chain-errors.ts";
import { OptionInvalidError } from "../errors/value-errors.ts";
import type { Explanation } from "../model/explanation.ts";
import { cancelChains, redriveChains, setTypesPaused } from "./actions.ts";
import { explain } from "./explain.ts";

const tx = "autocommit";
const at = (ms: number): Date => new Date(startMs + ms);
const kinds = (explanation: Explanation): readonly string[] =>
  explanation.reasons.map(({ kind }) => kind);
const waitFor = (...chainIds: readonly string[]) =>
  chainIds.map((chainId, ordinal) => ({ slot: "items", ordinal, chainId }));

/** Makes a chain of `rate.fetch` that has failed. */
async function startFailed({ start, addWorker, run }: OperationsFixture): Promise<string> {
  const chainId = await start({ type: "rate.fetch", priority: 0 });
  await addWorker("failing", ["rate.fetch"]);
  await run("failing", "rate.fetch", { kind: "failed", error: errorText("no rate") });
  return chainId;
}

describe("explain", () => {
  test("speaks of the last job of a chain, or of the job that is named", async () => {
    const { context, start, addWorker, run } = createOperationsFixture();
    await addWorker("w1", ["order.reserve"]);
    const chainId = await start();
    await run("w1", "order.reserve", {
      kind: "continued",
      next: nextJob("order.ship"),
      isSticky: false,
    });
    expect(await explain(context, { chainId })).toMatchObject({
      jobId: `${chainId}:1`,
      status: "ready",
      reasons: [{ kind: "noWorker", type: "order.ship", expired: [] }],
    });
    expect(await explain(context, { jobId: `${chainId}:0` })).toMatchObject({
      status: "continued",
      reasons: [{ kind: "continued", nextJobId: `${chainId}:1` }],
    });
  });

  test("follows a wait to the job that failed", async () => {
    const fixture = createOperationsFixture();
    const { context, start } = fixture;
    const failed = await startFailed(fixture);
    const middle = await start({ blockers: waitFor(failed) });
    const waiting = await start({ type: "rate.fetch" });
    const chainId = await start({ blockers: waitFor(waiting, middle) });
    const explanation = await explain(context, { chainId });
    expect(explanation.reasons).toMatchObject([
      {
        kind: "blocked",
        chainId: middle,
        ordinal: 1,
        cause: {
          reasons: [
            {
              kind: "blocked",
              chainId: failed,
              chainStatus: "failed",
              cause: {
                reasons: [{ kind: "failed", error: { name: "TypeError", message: "no rate" } }],
              },
            },
            { kind: "noWorker" },
          ],
        },
      },
      { kind: "blocked", chainId: waiting, ordinal: 0 },
      { kind: "noWorker" },
    ]);
    expect(explanation.verdict).toBe(
      `The job waits for 2 chains, among them "${middle}" ("order.reserve"), and through 1 more chain for job "${failed}:0" ("rate.fetch"), which failed after 1 attempt: TypeError: no rate.`,
    );
  });

  test("leaves out blockers that have completed, and counts those it does not name", async () => {
    const { context, start, addWorker, run } = createOperationsFixture();
    const rates = [];
    for (let index = 0; index < 13; index++) rates.push(await start({ type: "rate.fetch" }));
    const chainId = await start({ blockers: waitFor(...rates) });
    await addWorker("w1", ["rate.fetch", "order.reserve"]);
    await run("w1", "rate.fetch", { kind: "completed", output: "1" });
    const { reasons } = await explain(context, { chainId });
    expect(reasons).toHaveLength(11);
    expect(
      reasons.flatMap((reason) => (reason.kind === "blocked" ? [reason.chainId] : [])),
    ).not.toContain(rates[0]);
    expect(reasons.at(-1)).toEqual({ kind: "blockedByOthers", count: 2 });
  });

  test("names failed blockers first, however many wait", async () => {
    const fixture = createOperationsFixture();
    const rates = [];
    for (let index = 0; index < 15; index++)
      rates.push(await fixture.start({ type: "rate.fetch" }));
    const failed = await startFailed(fixture);
    const chainId = await fixture.start({ blockers: waitFor(...rates, failed) });
    expect((await explain(fixture.context, { chainId })).reasons[0]).toMatchObject({
      kind: "blocked",
      chainId: failed,
      cause: { status: "failed" },
    });
  });

  test("ends where a wait goes in a circle", async () => {
    const { context, start, addWorker, run } = createOperationsFixture();
    await addWorker("w1", ["order.reserve"]);
    const first = await start();
    const second = await start({ type: "rate.fetch", blockers: waitFor(first) });
    await run("w1", "order.reserve", {
      kind: "continued",
      next: nextJob("order.ship", waitFor(second)),
      isSticky: false,
    });
    const explanation = await explain(context, { chainId: first });
    expect(explanation.reasons).toMatchObject([
      {
        kind: "blocked",
        chainId: second,
        cause: { reasons: [{ kind: "deadlocked", chainId: first }, { kind: "noWorker" }] },
      },
      { kind: "noWorker" },
    ]);
    expect(explanation.verdict).toContain("until one of them is cancelled");
  });

  test("ends after ten chains in a row", async () => {
    const { context, start } = createOperationsFixture();
    let chainId = await start({ type: "rate.fetch" });
    for (let index = 0; index < 12; index++) chainId = await start({ blockers: waitFor(chainId) });
    let explanation: Explanation | undefined = await explain(context, { chainId });
    let depth = 0;
    for (; explanation?.reasons[0]?.kind === "blocked"; depth++)
      explanation = explanation.reasons[0].cause;
    expect(depth).toBe(10);
    expect(explanation?.reasons[0]).toEqual({ kind: "blockedByOthers", count: 1 });
  });

  test("tells a retry from a first wait", async () => {
    const { context, start, addWorker, run, advance } = createOperationsFixture();
    const first = await start({ schedule: { delayMs: 9_000 } });
    expect((await explain(context, { chainId: first })).reasons).toMatchObject([
      { kind: "scheduled", scheduledAt: at(9_000), previous: undefined },
      { kind: "noWorker" },
    ]);
    await addWorker("w1", ["order.reserve"]);
    const chainId = await start();
    advance(1_000);
    await run("w1", "order.reserve", { kind: "retried", delayMs: 5_000, error: errorText("down") });
    expect(await explain(context, { chainId })).toMatchObject({
      verdict:
        "The job runs again at 2030-01-01T00:00:06.000Z, since attempt 1 failed: TypeError: down.",
      reasons: [
        {
          kind: "scheduled",
          scheduledAt: at(6_000),
          previous: { attempt: 1, outcome: "retried", error: { message: "down" } },
        },
      ],
    });
  });

  test("forgets the attempts from before a redrive", async () => {
    const { context, start, addWorker, run } = createOperationsFixture();
    await addWorker("w1", ["order.reserve"]);
    const chainId = await start();
    await run("w1", "order.reserve", { kind: "failed", error: errorText("down") });
    expect((await explain(context, { chainId })).reasons).toMatchObject([
      { kind: "failed", attempt: 1, error: { message: "down" } },
    ]);
    await redriveChains(context, { tx, chainIds: [chainId] });
    expect((await explain(context, { chainId })).reasons).toMatchObject([
      { kind: "waitingForSlot", previous: undefined },
    ]);
  });

  test("says who runs a job, and that a lease has ended by the database's clock (P8)", async () => {
    const { context, start, addWorker, claim, advance } = createOperationsFixture();
    await addWorker("w1", ["order.reserve"]);
    const chainId = await start();
    await claim("w1", "order.reserve");
    const worker = { workerId: "w1", name: "name of w1", leaseUntil: at(leaseMs) };
    expect((await explain(context, { chainId })).reasons).toEqual([
      { kind: "running", worker, claimedAt: at(0), attempt: 1 },
    ]);
    advance(leaseMs);
    expect((await explain(context, { chainId })).reasons).toMatchObject([
      { kind: "leaseExpired", workerId: "w1", worker },
      { kind: "noWorker", expired: [worker] },
    ]);
    await context.state.reap({
      limit: 10,
      attemptLimits: [{ type: "order.reserve", attemptCountMax: 5, error: errorText("lost") }],
    });
    await addWorker("w2", ["order.reserve"]);
    expect((await explain(context, { chainId })).reasons).toMatchObject([
      {
        kind: "waitingForSlot",
        liveWorkerCount: 1,
        runningCount: 0,
        concurrency: 1,
        previous: { attempt: 1, outcome: "lost" },
      },
    ]);
  });

  test("says that a type is paused, and why a chain was cancelled", async () => {
    const { context, start, addWorker } = createOperationsFixture();
    await addWorker("w1", ["order.reserve"]);
    const chainId = await start();
    await setTypesPaused(context, { tx, types: ["order.reserve", "rate.fetch"], isPaused: true });
    expect(kinds(await explain(context, { chainId }))).toEqual(["typePaused"]);
    await setTypesPaused(context, { tx, types: ["order.reserve"], isPaused: false });
    expect(kinds(await explain(context, { chainId }))).toEqual(["waitingForSlot"]);
    await cancelChains(context, { tx, chainIds: [chainId], reason: "not wanted" });
    expect((await explain(context, { chainId })).verdict).toBe(
      "The job was cancelled: not wanted.",
    );
  });

  test("reads errors as it is told to", async () => {
    const fixture = createOperationsFixture();
    const failed = await startFailed(fixture);
    const chainId = await fixture.start({ blockers: waitFor(failed) });
    const seen: string[] = [];
    const explanation = await explain(fixture.context, { chainId }, (text, job) => {
      seen.push(`${job.type} ${job.chainId}:${job.chainIndex} ${text}`);
      return undefined;
    });
    expect(seen).toEqual([`rate.fetch ${failed}:0 ${errorText("no rate")}`]);
    expect(JSON.stringify(explanation)).not.toContain("no rate");
  });

  test("refuses what names nothing", async () => {
    const { context, start } = createOperationsFixture();
    const chainId = await start();
    await expect(explain(context, { jobId: `${chainId}:1` })).rejects.toThrow(JobNotFoundError);
    await expect(explain(context, { chainId: "nowhere" })).rejects.toThrow(ChainNotFoundError);
    for (const target of [
      { jobId: chainId },
      { jobId: 5 as never },
      { chainId: "" },
      { chainId: null as never },
      {},
      { chainId, jobId: `${chainId}:0` },
    ]) {
      await expect(explain(context, target)).rejects.toThrow(OptionInvalidError);
    }
  });
});
