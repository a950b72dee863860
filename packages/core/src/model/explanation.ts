import type { StoredError } from "./error-codec.ts";
import type { ChainStatus, JobStatus } from "./status.ts";

/** Why a job is where it is. Made by `explain`. */
export interface Explanation {
  readonly jobId: string;
  readonly chainId: string;
  readonly type: string;
  readonly status: JobStatus;
  /** The most important reason in one sentence, for people. Its wording may change; programs read `reasons`. */
  readonly verdict: string;
  /** The most important first; never empty. */
  readonly reasons: readonly ExplanationReason[];
}

/** One reason why a job is where it is. Instants are the database's. */
export type ExplanationReason =
  /** Its time has not come. `previous`: it ran before, and this is the wait for the next attempt. */
  | {
      readonly kind: "scheduled";
      readonly scheduledAt: Date;
      readonly previous: PreviousAttempt | undefined;
    }
  /** It waits for a chain. `cause` explains that chain's last job in turn; `undefined` past the depth or number that is looked at. */
  | {
      readonly kind: "blocked";
      readonly slot: string;
      readonly ordinal: number;
      readonly chainId: string;
      readonly chainType: string;
      readonly chainStatus: ChainStatus;
      readonly cause: Explanation | undefined;
    }
  /** A deadlock: the chain that it waits for waits, directly or through others, for this job's own chain. Only a cancellation ends it. */
  | {
      readonly kind: "deadlocked";
      readonly slot: string;
      readonly ordinal: number;
      readonly chainId: string;
      readonly chainType: string;
    }
  /** It waits for so many chains beyond those that are named. */
  | { readonly kind: "blockedByOthers"; readonly count: number }
  /** Its type is paused: nothing of it is claimed until it is resumed. */
  | { readonly kind: "typePaused"; readonly type: string }
  /** No live worker handles its type. `expired`: workers that did, and whose lease has ended. */
  | {
      readonly kind: "noWorker";
      readonly type: string;
      readonly expired: readonly ExplainedWorker[];
    }
  /** It is ready, and the live workers of its type have not claimed it yet. */
  | {
      readonly kind: "waitingForSlot";
      readonly readyAt: Date | undefined;
      readonly previous: PreviousAttempt | undefined;
      readonly liveWorkerCount: number;
      /** Jobs of any type that these workers hold, and the most that they run at once, in all. */
      readonly runningCount: number;
      readonly concurrency: number;
    }
  /** A live worker holds it. `attempt` is 0 while the first attempt has not begun. */
  | {
      readonly kind: "running";
      readonly worker: ExplainedWorker;
      readonly claimedAt: Date | undefined;
      readonly attempt: number;
    }
  /** The worker that held it is gone or its lease has ended: a live worker of its type takes it back. `worker` is `undefined` when its row is gone. */
  | {
      readonly kind: "leaseExpired";
      readonly workerId: string | undefined;
      readonly worker: ExplainedWorker | undefined;
      readonly claimedAt: Date | undefined;
      readonly attempt: number;
    }
  | { readonly kind: "completed"; readonly completedAt: Date | undefined }
  | {
      readonly kind: "continued";
      readonly completedAt: Date | undefined;
      readonly nextJobId: string;
    }
  /** It is over, and its chain is kept: a redrive runs it again. */
  | {
      readonly kind: "failed";
      readonly completedAt: Date | undefined;
      readonly attempt: number;
      readonly error: StoredError | undefined;
    }
  | {
      readonly kind: "cancelled";
      readonly completedAt: Date | undefined;
      readonly reason: string | undefined;
    };

/** A worker as an explanation names it. */
export interface ExplainedWorker {
  readonly workerId: string;
  readonly name: string;
  readonly leaseUntil: Date;
}

/** The newest attempt of a job that did not succeed. */
export interface PreviousAttempt {
  readonly attempt: number;
  readonly outcome: "retried" | "failed" | "lost";
  readonly error: StoredError | undefined;
}
