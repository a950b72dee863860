import fc from "fast-check";
import { expect, test } from "vitest";
import { isUuidV7 } from "../model/ids.ts";
import { systemChance } from "../ports/chance.ts";
import { systemClock } from "../ports/clock.ts";
import { createChainIds } from "./chain-ids.ts";

test("ids grow strictly, whatever the clock does", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2 ** 47 }), { minLength: 1, maxLength: 50 }),
      (times) => {
        let nowMs = 0;
        const next = createChainIds({ ...systemClock, now: () => nowMs }, systemChance);
        const ids = times.map((time) => {
          nowMs = time;
          return next();
        });
        expect(ids.every(isUuidV7)).toBe(true);
        expect(ids.toSorted()).toEqual(ids);
        expect(new Set(ids).size).toBe(ids.length);
      },
    ),
  );
});

test("more ids than a millisecond has numbers borrow from the next", () => {
  const next = createChainIds({ ...systemClock, now: () => 1_000 }, systemChance);
  const ids = Array.from({ length: 10_000 }, next);
  expect(ids.toSorted()).toEqual(ids);
});
