import type { PostgresListener } from "../listener.ts";

/** The part of PGlite that a listener uses. */
export interface PgliteListening {
  listen(channel: string, callback: (payload: string) => void): Promise<() => Promise<void>>;
}

/** Hears notifications with PGlite, in its process. There is no connection to lose. */
export function createPgliteListener({ db }: { readonly db: PgliteListening }): PostgresListener {
  return {
    name: "pglite",
    async listen({ channel, signal, onNotification }) {
      const stop = await db.listen(`"${channel}"`, (payload) => {
        if (!signal.aborted) onNotification(payload);
      });
      const close = (): void => {
        stop().catch(() => undefined);
      };
      if (signal.aborted) close();
      else signal.addEventListener("abort", close, { once: true });
    },
  };
}
