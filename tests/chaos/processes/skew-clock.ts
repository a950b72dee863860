/** Sets the clock of this process: all that asks the global `Date` for the time gets it so much later, or earlier. */
export function skewClock(skewMs: number): void {
  const { Date: TrueDate } = globalThis;
  class SkewedDate extends TrueDate {
    static override now(): number {
      return TrueDate.now() + skewMs;
    }
    // oxlint-disable-next-line typescript/no-explicit-any -- as many forms as the global has.
    constructor(...values: any[]) {
      if (values.length === 0) super(SkewedDate.now());
      else super(...(values as [number]));
    }
  }
  globalThis.Date = SkewedDate as DateConstructor;
}
