import { runSeedRange, type SeedRange } from "./seed-range.ts";

// Runs ranges of seeds that its parent sends, one after another, and sends back what they came to.
process.on("message", (range: SeedRange) => {
  void runSeedRange(range).then((result) => process.send!(result));
});
