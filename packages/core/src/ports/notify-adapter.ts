/**
 * A wake-up. It says where to look, never what is there: losing, delaying or doubling one changes latency and nothing else (P7).
 * `type`: a job of this type may be ready, or scheduled sooner than known. `chain`: this chain may have closed.
 * `worker`: this worker may have lost a job.
 */
export type WakeUpTopic =
  | { readonly kind: "type"; readonly type: string }
  | { readonly kind: "chain"; readonly chainId: string }
  | { readonly kind: "worker"; readonly workerId: string };

/**
 * The port to a channel for wake-ups. Wake-ups are published after the commit of what they tell (P6) and reach the subscribers of the same
 * installation only (P9). The publisher's own subscribers are reached too.
 */
export interface NotifyAdapter {
  /** A short name for reports and telemetry: "memory", "sqlite". */
  readonly name: string;

  /**
   * Why wake-ups may not arrive at present; `undefined` while they do, or while that is not known. At each beginning and end of an outage every
   * subscriber is called: those who poll look, and look more often as long as it lasts. Left out by adapters that cannot tell.
   */
  readonly outage?: Error | undefined;

  /** Publishes wake-ups, at best once each. Resolves when they are handed over. Rejects when the channel is down: the caller says so once, and goes on. */
  publish(topics: readonly WakeUpTopic[]): Promise<void>;

  /**
   * Subscribes to topics until the subscription is closed. `onWakeUp` is called soon after a publish on any of the topics; several publishes
   * may become one call, and a call may come without a publish. It is also called when the channel comes back after a gap, since wake-ups
   * may have been lost. It must not throw. Resolves also while the channel is away, if the adapter makes the subscription good when it is back. Costs one listener, freed by `close` (trap B9).
   */
  subscribe(params: {
    readonly topics: readonly WakeUpTopic[];
    readonly onWakeUp: () => void;
  }): Promise<WakeUpSubscription>;

  /** Ends all subscriptions and closes what the adapter opened. Closing twice is fine. */
  close(): Promise<void>;
}

/** A standing subscription. */
export interface WakeUpSubscription {
  /** Ends the subscription; `onWakeUp` is not called after it resolves. Closing twice is fine. */
  close(): Promise<void>;
}
