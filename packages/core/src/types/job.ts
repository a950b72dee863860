/** A job as its handler sees it, while it runs. */
// It names what it holds and never the map of all job types: messages and hovers show the job's own types.
export interface Job<
  out TName extends string = string,
  out TInput = unknown,
  out TBlockers = unknown,
> {
  /** `<chainId>:<chainIndex>`. The same in every attempt: an idempotency key for effects that must happen once a job. */
  readonly id: string;
  readonly type: TName;
  readonly chainId: string;
  /** The job's place in its chain: 0 for the first. */
  readonly chainIndex: number;
  /** The job type that the chain started with. */
  readonly chainType: string;
  /** 1 for the first execution. An attempt that was lost with its process counts; a reschedule does not. */
  readonly attempt: number;
  /** Names this attempt and no other: a fencing token, or an idempotency key for effects that must happen once an attempt. */
  readonly token: string;
  /** The stored input, as the job type's schema decodes it. */
  readonly input: TInput;
  /** The completed chains that the job waited for, by slot. */
  readonly blockers: TBlockers;
  /** 0 to 9; a lower number is claimed first. */
  readonly priority: number;
  readonly createdAt: Date;
  /** The earliest time at which this attempt was allowed to run. */
  readonly scheduledAt: Date;
}
