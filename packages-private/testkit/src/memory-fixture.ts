import { AsyncLocalStorage } from "node:async_hooks";

import type { ConformanceFixture, ConformanceInstallation } from "@queuert/conformance";
import {
  createMemoryNotifyAdapter,
  createMemoryNotifyHub,
  createMemoryStateAdapter,
  createMemoryStore,
} from "queuert";

import { memorySkips } from "./skips.ts";

// One for the process: a transaction of one adapter encloses the calls of all others.
const asyncContext = new AsyncLocalStorage();

/** The in-memory adapters. An installation is a store and a hub. */
export const memoryFixture: ConformanceFixture = {
  name: "memory",
  kinds: ["state", "notify"],
  capabilities: ["concurrentReaders"],
  skips: memorySkips,
  createStore: async () => ({
    ...createInstallation(),
    sibling: createInstallation(),
    dispose: async () => {},
  }),
};

function createInstallation(): ConformanceInstallation {
  const [store, hub] = [createMemoryStore(), createMemoryNotifyHub()];
  return {
    openState: async ({ clock }) => createMemoryStateAdapter({ store, clock, asyncContext }),
    openNotify: async () => createMemoryNotifyAdapter({ hub }),
  };
}
