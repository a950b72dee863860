/** The database's clock in a case: it stands still until the case moves it, so that timing decides nothing. */
export interface CaseClock {
  /** ms since the epoch. */
  readonly now: () => number;
  advance(byMs: number): void;
}

/** Far from any process's clock, so that an adapter that asks the process for the time is found out (P8). */
export const caseStartMs: number = Date.UTC(2041, 5, 1, 12);

export function createCaseClock(startMs: number = caseStartMs): CaseClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance(byMs) {
      nowMs += byMs;
    },
  };
}
