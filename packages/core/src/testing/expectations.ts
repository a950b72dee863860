import type { Client } from "../client/client-api.ts";
import type { AttemptOutcome } from "../ports/telemetry.ts";
import type { Chain } from "../types/chain.ts";
import { isEqual, isMatch, showValue } from "./match-values.ts";
import type { SettledAttempt, TestChain } from "./test-client-api.ts";

// What a test asserts. Each throws an error that says what was found instead.

export function expectStarted(
  chains: readonly TestChain[],
  type: string,
  input: unknown,
): readonly TestChain[] {
  const found = startedWith(chains, type, input);
  if (found.length > 0) return found;
  throw assertionError(
    `Expected a chain of "${type}"${describeInput(input)} to have been started.`,
    describeStarted(chains, type),
    input,
    inputsOf(chains, type),
  );
}

export function expectNotStarted(chains: readonly TestChain[], type: string, input: unknown): void {
  if (startedWith(chains, type, input).length === 0) return;
  throw assertionError(
    `Expected no chain of "${type}"${describeInput(input)} to have been started.`,
    describeStarted(chains, type),
  );
}

export async function expectCompleted(
  client: Pick<AnyClient, "getChain" | "explain">,
  chain: Chain,
  output: unknown,
): Promise<unknown> {
  const found = await client.getChain({ chain });
  if (found?.status !== "completed") {
    throw assertionError(
      `Expected chain "${chain.id}" ("${chain.type}") to have completed.`,
      await describeChain(client, chain),
      "completed",
      found?.status,
    );
  }
  if (output !== undefined && !isEqual(found.output, output)) {
    throw assertionError(
      `Expected chain "${chain.id}" ("${chain.type}") to have completed with another output.`,
      [`expected: ${showValue(output)}`, `found:    ${showValue(found.output)}`],
      output,
      found.output,
    );
  }
  return found.output;
}

export async function expectFailed(
  client: Pick<AnyClient, "getChain" | "explain">,
  chain: Chain,
  message: string | RegExp | undefined,
): Promise<{ readonly name: string; readonly message: string }> {
  const found = await client.getChain({ chain });
  if (found?.status !== "failed") {
    throw assertionError(
      `Expected chain "${chain.id}" ("${chain.type}") to have failed.`,
      await describeChain(client, chain),
      "failed",
      found?.status,
    );
  }
  const { error } = found;
  const isExpected =
    message === undefined ||
    (typeof message === "string" ? error.message.includes(message) : message.test(error.message));
  if (!isExpected) {
    throw assertionError(
      `Expected chain "${chain.id}" ("${chain.type}") to have failed with another message.`,
      [
        `expected: ${typeof message === "string" ? showValue(message) : String(message)}`,
        `found:    ${showValue(error.message)} (${error.name})`,
      ],
      message,
      error.message,
    );
  }
  return error;
}

export function expectSettled(
  attempts: readonly SettledAttempt[],
  expected: {
    readonly type: string;
    readonly outcome: AttemptOutcome;
    readonly attempt?: number | undefined;
  },
): SettledAttempt {
  const { type, outcome, attempt } = expected;
  const ofType = attempts.filter((settled) => settled.type === type);
  const found = ofType.find(
    (settled) =>
      settled.outcome === outcome && (attempt === undefined || settled.attempt === attempt),
  );
  if (found !== undefined) return found;
  const which = attempt === undefined ? "An attempt" : `Attempt ${attempt}`;
  throw assertionError(
    `${which} of "${type}" was expected to have ended as "${outcome}".`,
    describeAttempts(attempts, ofType, type),
  );
}

/** A failed assertion, as test runners know them. */
export function assertionError(
  expectation: string,
  found: readonly string[],
  expected?: unknown,
  actual?: unknown,
): Error {
  const error = new Error([expectation, ...found.map((line) => `  ${line}`)].join("\n"));
  error.name = "AssertionError";
  return Object.assign(error, expected === undefined ? {} : { expected, actual });
}

type AnyClient = Client<unknown, unknown, unknown>;

function startedWith(
  chains: readonly TestChain[],
  type: string,
  input: unknown,
): readonly TestChain[] {
  return chains.filter(
    (chain) => chain.type === type && (input === undefined || isMatch(chain.input, input)),
  );
}

function inputsOf(chains: readonly TestChain[], type: string): readonly unknown[] {
  return chains.filter((chain) => chain.type === type).map((chain) => chain.input);
}

function describeInput(input: unknown): string {
  return input === undefined ? "" : ` with an input that has ${showValue(input)}`;
}

const lineCountMax = 20;

function describeStarted(chains: readonly TestChain[], type: string): readonly string[] {
  const ofType = chains.filter((chain) => chain.type === type);
  const listed = ofType.length > 0 ? ofType : chains;
  if (listed.length === 0) return ["found: no chain at all"];
  const heading = ofType.length > 0 ? "found, of this type:" : "found, of other types:";
  return [
    heading,
    ...cut(listed.map((chain) => `- "${chain.type}" ${showValue(chain.input)} (${chain.status})`)),
  ];
}

function describeAttempts(
  all: readonly SettledAttempt[],
  ofType: readonly SettledAttempt[],
  type: string,
): readonly string[] {
  if (all.length === 0) return ["found: no attempt has ended"];
  const listed = ofType.length > 0 ? ofType : all;
  const heading = ofType.length > 0 ? `found, of "${type}":` : "found, of other types:";
  return [
    heading,
    ...cut(
      listed.map(
        ({ jobId, type: found, attempt, outcome, error }) =>
          `- "${found}" attempt ${attempt}: ${outcome}${describeError(error)} (job "${jobId}")`,
      ),
    ),
  ];
}

function describeError(error: unknown): string {
  return error === undefined
    ? ""
    : `, ${error instanceof Error ? `${error.name}: ${error.message}` : showValue(error)}`;
}

function cut(lines: readonly string[]): readonly string[] {
  return lines.length <= lineCountMax
    ? lines
    : [...lines.slice(0, lineCountMax), `… and ${lines.length - lineCountMax} more`];
}

async function describeChain(
  client: Pick<AnyClient, "getChain" | "explain">,
  chain: Chain,
): Promise<readonly string[]> {
  const found = await client.getChain({ chain });
  if (found === undefined) return ["found: no such chain; it was never committed, or deleted"];
  switch (found.status) {
    case "open":
      return [`found: open. ${(await client.explain({ chainId: chain.id })).verdict}`];
    case "completed":
      return [`found: completed with ${showValue(found.output)}`];
    case "failed":
      return [`found: failed with ${found.error.name}: ${found.error.message}`];
    case "cancelled":
      return [`found: cancelled${found.reason === null ? "" : ` for ${showValue(found.reason)}`}`];
  }
}
