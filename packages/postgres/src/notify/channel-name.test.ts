import { expect, it } from "vitest";

import { nameChannel } from "./channel-name.ts";

it("P9: installations have channels of their own, also where schema and prefix run together alike", () => {
  const namings = [
    { schema: "queuert", tablePrefix: "" },
    { schema: "queuert", tablePrefix: "a_" },
    { schema: "Queuert", tablePrefix: "" },
    { schema: "queuert_a", tablePrefix: "_" },
    { schema: "queuert_a_", tablePrefix: "" },
  ];
  expect(new Set(namings.map(nameChannel)).size).toBe(namings.length);
});

it("P9: names that are too long for PostgreSQL are told apart by a digest", () => {
  const schema = "s".repeat(63);
  const channels = [
    { schema, tablePrefix: "" },
    { schema, tablePrefix: "p".repeat(25) },
    { schema, tablePrefix: "p".repeat(24) },
  ].map(nameChannel);
  expect(new Set(channels).size).toBe(3);
  for (const channel of channels) expect(Buffer.byteLength(channel)).toBeLessThanOrEqual(63);
});
