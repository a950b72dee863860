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

export { simulate } from "./simulation/simulate.ts";
export type {
  ProcessScope,
  Simulate,
  SimulatedChain,
  SimulatedInvariant,
  SimulatedState,
  SimulateOptions,
  SimulationReport,
  StepScope,
  WorldScope,
} from "./simulation/simulate-api.ts";
export { SimulationFailedError } from "./simulation/simulation-failed-error.ts";

// The parts of `simulate`, for those who simulate something else than job types: an adapter, a driver, the engine.
export {
  runSimulatedSystem,
  type BuildSystem,
  type SimulatedRun,
  type SimulationPlan,
} from "./simulation/run-system.ts";
export type {
  AnyClient,
  SimulatedBerth,
  SimulatedFailure,
  SimulatedNode,
  SimulatedProcess,
  SimulatedSystem,
  SimulatedWorld,
} from "./simulation/simulated-system.ts";
export { shrinkPlan } from "./simulation/shrink-plan.ts";
export { simulatedFaults, type SimulatedFault } from "./simulation/faults.ts";
export { createRandom, type Random } from "./simulation/random.ts";
export type { EventOwner } from "./simulation/simulator.ts";
