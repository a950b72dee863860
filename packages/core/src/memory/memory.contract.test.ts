import { memoryFixture, registerConformance } from "@queuert/testkit";
import { describe, test } from "vitest";

registerConformance(memoryFixture, { describe, test });
