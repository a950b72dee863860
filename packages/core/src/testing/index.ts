// The door for tests of job types: a client with virtual time and a database in memory, and the parts that it is made of.
export { createTestClient } from "./create-test-client.ts";
export type {
  CreateTestClient,
  PartOf,
  SettledAttempt,
  TestChain,
  TestClient,
  TestClientOptions,
} from "./test-client-api.ts";
export {
  createVirtualClock,
  type VirtualClock,
  type VirtualClockOptions,
} from "./virtual-clock.ts";
export { createSeededChance } from "./seeded-chance.ts";
export { createClientIn, type CreateClientIn } from "./create-client-in.ts";
export type { ClientEnvironment } from "../client/create-client.ts";
export type { Chance } from "../ports/chance.ts";
export type { Clock, Timer } from "../ports/clock.ts";
export type { MemoryTransaction } from "../memory/sessions.ts";
export { createMemoryStore, type MemoryStore } from "../memory/store.ts";
