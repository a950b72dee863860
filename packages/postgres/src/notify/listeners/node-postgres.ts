import { StoreSetupError } from "queuert/adapter";

import type { PostgresListener } from "../listener.ts";

/** The part of a node-postgres `Client` that a listener uses. */
export interface NodePostgresListeningClient {
  connect(): Promise<unknown>;
  query(text: string): Promise<unknown>;
  end(): Promise<void>;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  on(
    event: "notification",
    listener: (message: {
      readonly channel: string;
      readonly payload?: string | undefined;
    }) => void,
  ): unknown;
}

/** What every client has, although its types keep it to themselves. */
interface ClientSocket {
  readonly connection?: { readonly stream?: { destroy(): unknown } };
}

/** The part of a node-postgres `Pool` that is needed to connect where it connects, beside it. */
interface PoolInternals {
  readonly Client?: new (config: object) => NodePostgresListeningClient;
  readonly options: { readonly password?: unknown };
}

/**
 * Hears notifications with node-postgres, on a client of its own with the pool's settings: no client of the pool is taken. Where the pool
 * leads to a pooler in transaction mode, give `createClient` instead, a function that makes a client, not connected yet, which goes past it.
 *
 * @throws StoreSetupError for a pool that does not tell how it makes its clients.
 */
export function createNodePostgresListener(
  options:
    | { readonly pool: { readonly options: object } }
    | { readonly createClient: () => NodePostgresListeningClient },
): PostgresListener {
  const createClient = "pool" in options ? clientsBeside(options.pool) : options.createClient;
  return {
    name: "node-postgres",
    async listen({ channel, signal, onNotification, onEnd }) {
      const client = createClient();
      const end = (error: unknown): void => {
        if (!signal.aborted) onEnd(error);
      };
      client.on("error", end);
      client.on("end", () => end(undefined));
      client.on("notification", (message) => {
        if (message.channel === channel && !signal.aborted) onNotification(message.payload ?? "");
      });
      signal.throwIfAborted();
      signal.addEventListener("abort", () => closeNow(client), { once: true });
      await client.connect();
      // What was aborted while it connected may have had nothing to close yet.
      if (signal.aborted) closeNow(client);
      await client.query(`LISTEN "${channel}"`);
    },
  };
}

function clientsBeside(pool: { readonly options: object }): () => NodePostgresListeningClient {
  const { Client, options } = pool as PoolInternals;
  if (Client === undefined) {
    throw new StoreSetupError(
      "The pool given to createNodePostgresListener does not tell how it makes its clients. Pass createClient instead.",
    );
  }
  // The pool hides the password from copies.
  return () => new Client({ keepAlive: true, ...options, password: options.password });
}

/** A goodbye alone would wait for a server that may be gone. */
function closeNow(client: NodePostgresListeningClient & ClientSocket): void {
  client.end().catch(() => undefined);
  client.connection?.stream?.destroy();
}
