import type { Violation } from "./check/checker.ts";

/** What is counted and found while a run goes on. */
export interface Observations {
  /** How often each kind of fault happened. */
  readonly faults: Map<string, number>;
  /** What the workers told, as far as they lived to. */
  readonly seen: Map<string, number>;
  readonly surprises: Violation[];
  countFault(name: string, times?: number): void;
  takeSeen(counts: Readonly<Record<string, number>>): void;
  /** Something that no fault and no plan explains. */
  surprise(text: string): void;
}

export function createObservations(): Observations {
  const [faults, seen] = [new Map<string, number>(), new Map<string, number>()];
  const surprises: Violation[] = [];
  const add = (counts: Map<string, number>, name: string, times: number): void =>
    void counts.set(name, (counts.get(name) ?? 0) + times);
  return {
    faults,
    seen,
    surprises,
    countFault: (name, times = 1) => add(faults, name, times),
    takeSeen(counts) {
      for (const [name, times] of Object.entries(counts)) add(seen, name, times);
    },
    surprise: (text) => void surprises.push({ kind: "surprise", text }),
  };
}

/** What is taken from a worker whose lease holds was taken without a reason (trap A3). */
export function checkFairness({ seen, surprise }: Observations): void {
  const lost = [...seen].filter(([name]) => name.startsWith("attempt lost"));
  if (lost.length === 0 || seen.has("worker.leaseLost")) return;
  const counts = lost.map(([name, count]) => `${name} ${count}`).join(", ");
  surprise(`Workers that kept their leases lost attempts: ${counts}.`);
}
