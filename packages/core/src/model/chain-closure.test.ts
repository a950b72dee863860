import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closeOverHolders } from "./chain-closure.ts";

const anyChainId: fc.Arbitrary<string> = fc.constantFrom("a", "b", "c", "d", "e", "f");
/** Who holds on to whom, among a few chains; cycles included. */
const anyHolders = fc.dictionary(anyChainId, fc.uniqueArray(anyChainId));
const anyAsked = fc.uniqueArray(anyChainId);

describe("the closure of chains over their holders", () => {
  test("with cascade takes all that hold on to one that is taken, and nothing else", () => {
    fc.assert(
      fc.property(anyAsked, anyHolders, (asked, holders) => {
        const holdersOf = (chainId: string): string[] => holders[chainId] ?? [];
        const { added, refused } = closeOverHolders({
          chainIds: new Set(asked),
          holdersOf,
          isCascade: true,
        });
        const taken = new Set([...asked, ...added]);
        expect(refused.size).toBe(0);
        for (const chainId of taken)
          for (const holder of holdersOf(chainId)) expect(taken).toContain(holder);
        for (const chainId of added)
          expect([...taken].some((held) => holdersOf(held).includes(chainId))).toBe(true);
        expect(added).toEqual(added.filter((chainId) => !asked.includes(chainId)).toSorted());
      }),
    );
  });

  test("without cascade leaves those that are held by one that stays, and only those", () => {
    fc.assert(
      fc.property(anyAsked, anyHolders, (asked, holders) => {
        const holdersOf = (chainId: string): string[] => holders[chainId] ?? [];
        const { added, refused } = closeOverHolders({
          chainIds: new Set(asked),
          holdersOf,
          isCascade: false,
        });
        expect(added).toEqual([]);
        for (const chainId of asked) {
          const staying = holdersOf(chainId).filter(
            (holder) => !asked.includes(holder) || refused.has(holder),
          );
          expect(refused.get(chainId) ?? []).toEqual(staying.toSorted());
        }
      }),
    );
  });

  test("a cycle within the set is taken as a whole", () => {
    const holdersOf = (chainId: string): string[] => (chainId === "a" ? ["b"] : ["a"]);
    expect(
      closeOverHolders({ chainIds: new Set(["a", "b"]), holdersOf, isCascade: false }).refused.size,
    ).toBe(0);
  });
});
