/** What must be true, one name each; the promises of ARCHITECTURE.md that it shows stand behind. */
export const invariants = {
  atomicStart: "A chain exists if and only if the transaction that started it committed (P1).",
  atomicEnd:
    "What a handler wrote in its commit exists if and only if the attempt was settled by it (P2).",
  oneOwner: "A job is claimed by one worker at a time, and its claim number only grows (P3).",
  fence: "Only the attempt that holds a job settles it, once (P3).",
  oneOutcome:
    "A job that is over stays as it is, and the output of a chain is that of its one effective attempt (P3).",
  oneExecution: "A claim is executed at most once, and never before it has committed (P3).",
  nothingLost:
    "What was committed stays; when faults end, every open chain that nothing blocks closes (P4).",
  crashCounts:
    "An attempt that began and died with its process counts, and no job runs more often than its limit allows (P5).",
  noFalseNews: "Events tell of what has committed, and tell it once (P6).",
  hintsOnly: "Who awaits a chain learns how it ended, whatever became of the wake-ups (P7).",
  leases:
    "A lease holds until its time by the database's clock, and a live worker's job is never taken (P8).",
  deduplication: "A deduplication key meets the chain that it names, as decideDeduplication says.",
  blockers:
    "A job runs only when the chains it waits for have completed, reads their outputs, and is released when the last has.",
  noOrphan:
    "No job waits for a chain that is deleted or cancelled, and dependents counts the edges.",
  fairness: "A chain that goes on where it is gives others their turn.",
  pausedTypes: "No job of a paused type is claimed.",
} as const;

export type Invariant = keyof typeof invariants;

/** The simulation found something untrue. */
export class Violation extends Error {
  readonly invariant: Invariant;
  constructor(invariant: Invariant, found: string) {
    super(`${invariant}: ${found}\n  ${invariants[invariant]}`);
    this.name = "Violation";
    this.invariant = invariant;
  }
}

export function assertTrue(
  isTrue: boolean,
  invariant: Invariant,
  found: () => string,
): asserts isTrue {
  if (!isTrue) throw new Violation(invariant, found());
}
