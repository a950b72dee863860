import type {
  ClosedChainStatus,
  RetentionRule,
  RetentionRules,
  RetireResult,
} from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodeArray, encodeInteger } from "../text-array.ts";

const retireStatement: AnsweringStatement = {
  name: "retire_chains",
  expression:
    "{retire_chains}($1::text::timestamptz, $2::text::uuid, $3::text::integer, $4::text::text[], $5::text::float8[], $6::text::integer[])",
};

const beginning = "00000000-0000-0000-0000-000000000000";

type RetireAnswer = readonly [
  retired: readonly (readonly [chainId: string, chainType: string, status: ClosedChainStatus])[],
  endedAt: string | null,
];

/** A walk over the closed chains, in as many calls as it takes. Rules that change begin it anew. */
export interface Retirement {
  retire(
    session: Session,
    params: { readonly rules: RetentionRules; readonly limit: number },
  ): Promise<RetireResult>;
}

export function createRetirement(): Retirement {
  let walk = { by: "", after: beginning };
  return {
    async retire(session, { rules, limit }) {
      const by = JSON.stringify(rules);
      const after = walk.by === by ? walk.after : beginning;
      const [retired, endedAt] = await retireChains(session, rules, limit, after);
      walk = { by, after: endedAt ?? beginning };
      return {
        retired: retired.map(([chainId, chainType, status]) => ({ chainId, chainType, status })),
        isMore: endedAt !== null,
      };
    },
  };
}

async function retireChains(
  session: Session,
  rules: RetentionRules,
  limit: number,
  after: string,
): Promise<RetireAnswer> {
  const entries = Object.entries(rules) as [ClosedChainStatus, RetentionRule][];
  const answer = await session.ask<RetireAnswer>(retireStatement, [
    session.now,
    after,
    encodeInteger(limit),
    encodeArray(entries.map(([status]) => status)),
    encodeArray(entries.map(([, { maxAgeMs }]) => maxAgeMs)),
    encodeArray(entries.map(([, { maxCount }]) => maxCount)),
  ]);
  return answer!;
}
