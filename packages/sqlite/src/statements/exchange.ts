import type {
  ClaimRequest,
  ExchangeParams,
  ExchangeResult,
  Settlement,
  Verdict,
} from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import { noteStarted } from "./attempt-fence.ts";
import { claimJobs, hasClaimable } from "./claim-jobs.ts";
import { createLease } from "./lease.ts";
import { findNextDue } from "./promote-jobs.ts";
import { settleAttempt } from "./settle-attempt.ts";

/** Settles, then notes started jobs, then claims. Each settlement looks before it writes, so one that is refused leaves the others alone. */
export function exchange(
  session: Session,
  { workerId, settlements, started, claim }: ExchangeParams,
): ExchangeResult {
  const lease = createLease(session, workerId);
  const verdicts = settlements.map((settlement) => settleAttempt(session, lease, settlement));
  noteStarted(session, workerId, started);
  const asksForJobs =
    claim !== undefined ||
    settlements.some(({ outcome }) => outcome.kind === "continued" && outcome.isSticky);
  const isLive = !asksForJobs || lease.isLive();
  if (claim === undefined || !isLive) return { verdicts, claimed: [], isLive };
  const claimed = claimJobs(session, workerId, claim);
  const schedule =
    claimed.length < claim.slots + claim.ahead ? { nextDueInMs: findNextDue(session) } : undefined;
  return { verdicts, claimed, isLive, schedule };
}

/** The answer to an exchange that would only claim and find nothing; `undefined` when it may find something. For a reader, which waits for nobody. */
export function peekClaim(
  session: Session,
  workerId: string,
  claim: ClaimRequest,
): ExchangeResult | undefined {
  const isLive = createLease(session, workerId).isLive();
  if (!isLive) return { verdicts: [], claimed: [], isLive };
  if (hasClaimable(session, claim)) return undefined;
  return { verdicts: [], claimed: [], isLive, schedule: { nextDueInMs: findNextDue(session) } };
}

/** Settles in a transaction of the user's. */
export function settle(
  session: Session,
  workerId: string,
  settlements: readonly Settlement[],
): readonly Verdict[] {
  const lease = createLease(session, workerId);
  return settlements.map((settlement) => settleAttempt(session, lease, settlement));
}
