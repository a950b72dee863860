import { pairs, registerConformance } from "@queuert/testkit";
import { describe, test } from "vitest";

for (const pair of pairs.filter(({ name }) => name.startsWith("postgres")))
  registerConformance(pair, { describe, test }, { kinds: ["behaviour"] });
