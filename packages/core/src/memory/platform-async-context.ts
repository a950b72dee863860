import type { AsyncContext } from "./sessions.ts";

/** Where the platform is Node, or like it. Core imports nothing of it, so it is asked for at run time. */
const platform = globalThis as unknown as {
  readonly process?: {
    readonly getBuiltinModule?: (
      name: string,
    ) => { readonly AsyncLocalStorage: new () => AsyncContext } | undefined;
  };
};

/**
 * Lets a call that forgot its `tx` inside a transaction throw instead of waiting for ever (trap C5). One for all adapters of the process;
 * `undefined` on platforms that have none.
 */
export const platformAsyncContext: AsyncContext | undefined = createAsyncContext();

function createAsyncContext(): AsyncContext | undefined {
  const hooks = platform.process?.getBuiltinModule?.("node:async_hooks");
  return hooks === undefined ? undefined : new hooks.AsyncLocalStorage();
}
