/**
 * The binding to a client library for hearing notifications: a connection of its own each time, held as long as it lives. One of a pool would
 * be missing there for ever.
 */
export interface PostgresListener {
  /** The library's name for messages: "node-postgres". */
  readonly name: string;
  /**
   * Opens a connection and sends LISTEN; resolves when the server has answered, and rejects when that cannot be. From then on `onNotification`
   * is called with each payload on the channel, and `onEnd` when the connection ends, maybe more than once. Whenever `signal` aborts, the connection is closed
   * without waiting for the server, which may not be there any more; nothing is called after that.
   */
  listen(params: {
    /** Contains nothing that quoting would have to escape. Case matters. */
    readonly channel: string;
    readonly signal: AbortSignal;
    readonly onNotification: (payload: string) => void;
    readonly onEnd: (error: unknown) => void;
  }): Promise<void>;
}
