import type { PostgresListener } from "../listener.ts";

/** Options of `postgres()` that a listener needs. */
export interface PostgresJsListenOptions {
  max: number;
  idle_timeout: number;
  max_lifetime: number | null;
  fetch_types: boolean;
  onclose: () => void;
  /** Called with each notification. The library takes it, although its types do not name it. */
  onnotify: (channel: string, payload: string) => void;
}

/** The part of a postgres.js `Sql` that a listener uses. */
export interface PostgresJsListeningSql {
  unsafe(text: string): PromiseLike<unknown>;
  end(options: { timeout: number }): Promise<void>;
}

/**
 * Hears notifications with postgres.js, on a connection of its own. `open` makes an instance with the options that it is given, beside those
 * that say where to connect: `open: (options) => postgres(url, options)`. The connection must not lead through a pooler in transaction mode.
 */
export function createPostgresJsListener(options: {
  readonly open: (options: PostgresJsListenOptions) => PostgresJsListeningSql;
}): PostgresListener {
  return {
    name: "postgres.js",
    async listen({ channel, signal, onNotification, onEnd }) {
      const sql = options.open({
        max: 1,
        idle_timeout: 0,
        max_lifetime: null,
        fetch_types: false,
        onclose: () => {
          if (!signal.aborted) onEnd(undefined);
        },
        onnotify: (name, payload) => {
          if (name === channel && !signal.aborted) onNotification(payload);
        },
      });
      const close = (): void => {
        sql.end({ timeout: 0 }).catch(() => undefined);
      };
      signal.addEventListener("abort", close, { once: true });
      await sql.unsafe(`LISTEN "${channel}"`);
    },
  };
}
