/** An exponential wait: `initialMs * factor ** (attempt - 1)`, at most `maxMs`, of which a share of `jitter` is random. */
export interface Backoff {
  /** The wait after the first attempt, in ms, 0 or more. */
  readonly initialMs: number;
  /** 1 or more. */
  readonly factor: number;
  /** The longest wait, in ms. */
  readonly maxMs: number;
  /** 0 (exact) to 1 (anything from 0 to the full wait). */
  readonly jitter: number;
}

/** The wait in whole ms after attempt number `attempt` (from 1). Safe for any attempt: the power saturates at `maxMs` (trap D2). */
export function backoffDelayMs(backoff: Backoff, attempt: number, chance: number): number {
  const grown = backoff.initialMs * backoff.factor ** Math.max(0, attempt - 1);
  // 0 times an infinite power is NaN.
  const full = backoff.initialMs === 0 ? 0 : Math.min(grown, backoff.maxMs);
  return Math.round(full * (1 - backoff.jitter * chance));
}
