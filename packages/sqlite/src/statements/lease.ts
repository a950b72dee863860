import type { Session } from "../connections/session.ts";

export const leaseStatements = {
  findLease: "SELECT lease_until AS leaseUntil FROM {worker} WHERE worker_id = ?",
} as const;

/** A worker's lease, read when somebody asks, and once. */
export interface Lease {
  readonly workerId: string;
  isLive(): boolean;
}

export function createLease(session: Session, workerId: string): Lease {
  let answer: boolean | undefined;
  return {
    workerId,
    isLive() {
      answer ??=
        (session.first<{ leaseUntil: number }>(leaseStatements.findLease, workerId)?.leaseUntil ??
          0) > session.nowMs;
      return answer;
    },
  };
}
