import { memoryFixture, registerConformance } from "@queuert/testkit";

registerConformance(memoryFixture);
