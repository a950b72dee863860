import type { SpanContext } from "@opentelemetry/api";

/** The chains that this process has started last, so that what waits for them can be linked to them without a read. */
export interface RecentChains {
  note(chainId: string, creation: SpanContext): void;
  find(chainId: string): SpanContext | undefined;
}

/** `chainCountMax`: how many at most, whatever is started (trap E4). */
export function createRecentChains(chainCountMax: number): RecentChains {
  const creations = new Map<string, SpanContext>();
  return {
    note(chainId, creation) {
      creations.set(chainId, creation);
      if (creations.size <= chainCountMax) return;
      for (const oldest of creations.keys()) {
        creations.delete(oldest);
        return;
      }
    },
    find: (chainId) => creations.get(chainId),
  };
}
