import { describe, expect, it } from "vitest";
import { LifecycleError } from "../errors/machine-errors.ts";
import { OptionInvalidError } from "../errors/value-errors.ts";
import { createVirtualClock } from "./virtual-clock.ts";

describe("createVirtualClock", () => {
  it("stands still until it is moved, and fires timers at their own times, in order", async () => {
    const clock = createVirtualClock({ startAt: new Date(1_000) });
    const fired: [string, number][] = [];
    clock.schedule(20, () => fired.push(["late", clock.now()]));
    clock.schedule(10, () => fired.push(["first of two", clock.now()]));
    clock.schedule(10, () => fired.push(["second of two", clock.now()]));
    await clock.idle();
    expect(fired).toEqual([]);
    await clock.advance(19);
    expect(fired).toEqual([
      ["first of two", 1_010],
      ["second of two", 1_010],
    ]);
    expect(clock.now()).toBe(1_019);
    await clock.advance({ to: new Date(1_020) });
    expect(fired.at(-1)).toEqual(["late", 1_020]);
  });

  it("lets everything go on before the next timer, and fires what is set on the way", async () => {
    const clock = createVirtualClock({ startAt: new Date(0) });
    const seen: string[] = [];
    clock.schedule(5, () => {
      clock.defer(() => {
        seen.push(`deferred at ${clock.now()}`);
        clock.schedule(1, () => seen.push(`set on the way, at ${clock.now()}`));
      });
    });
    clock.schedule(10, () => seen.push(`last at ${clock.now()}`));
    await clock.advance(10);
    expect(seen).toEqual(["deferred at 5", "set on the way, at 6", "last at 10"]);
  });

  it("forgets a timer that is taken back", async () => {
    const clock = createVirtualClock();
    let isFired = false;
    clock.schedule(1, () => (isFired = true)).cancel();
    await clock.advance(10);
    expect(isFired).toBe(false);
  });

  it("is idle only when deferred calls have been made, and theirs", async () => {
    const clock = createVirtualClock();
    let depth = 0;
    const deeper = (): void => {
      if (++depth < 10) clock.defer(deeper);
    };
    clock.defer(deeper);
    await clock.idle();
    expect(depth).toBe(10);
  });

  it("refuses to go back, and to be moved twice at a time", async () => {
    const clock = createVirtualClock({ startAt: new Date(1_000) });
    await expect(clock.advance(-1)).rejects.toBeInstanceOf(OptionInvalidError);
    await expect(clock.advance({ to: new Date(999) })).rejects.toBeInstanceOf(OptionInvalidError);
    await expect(clock.advance({ to: new Date(Number.NaN) })).rejects.toBeInstanceOf(
      OptionInvalidError,
    );
    const first = clock.advance(1);
    await expect(clock.advance(1)).rejects.toBeInstanceOf(LifecycleError);
    await first;
    expect(clock.now()).toBe(1_001);
  });
});
