import { LifecycleError } from "../errors/machine-errors.ts";
import type { EngineContext } from "./context.ts";

const contexts = new WeakMap<object, unknown>();

/** Keeps a client's engine for its workers, out of sight of the public type. */
export function rememberContext<TTransaction>(
  client: object,
  context: EngineContext<TTransaction>,
): void {
  contexts.set(client, context);
}

/** The engine of a client. */
export function contextOf<TTransaction>(client: object): EngineContext<TTransaction> {
  const context = contexts.get(client);
  if (context === undefined)
    throw new LifecycleError(
      "This is no client of createClient. Pass the client itself, not a copy of it.",
    );
  return context as EngineContext<TTransaction>;
}
