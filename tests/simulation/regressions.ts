/** Seeds that have failed once, and what was wrong. */
export const regressions: readonly {
  readonly name: string;
  readonly seed: number;
  readonly steps: number;
}[] = [
  { name: "a commit whose reply was lost was told as a retry", seed: 7, steps: 80 },
  { name: "an attempt was told as released before its worker was removed", seed: 4, steps: 80 },
  { name: "a lost attempt kept the slot reserved for its continuation", seed: 204, steps: 80 },
  { name: "an attempt lost long ago was told as released at the stop", seed: 207, steps: 80 },
  { name: "the next job of an old registration ran under the new one", seed: 143, steps: 80 },
  { name: "an attempt whose commit took effect was told as released", seed: 1001, steps: 80 },
];
