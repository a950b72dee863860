import type { NotifyAdapter, WakeUpSubscription, WakeUpTopic } from "../ports/notify-adapter.ts";
import type { EventSink } from "./event-sink.ts";

/** A subscription that stands, or that may come about later. */
export interface BackgroundSubscription {
  /** Ends it at once for the subscriber; the channel is told, and not waited for. */
  end(): void;
}

/**
 * Subscribes without waiting for the channel: one that does not answer, or does not let go, delays nothing, since whoever waits for
 * wake-ups polls as well (P7). `onWakeUp` is also called once when the subscription stands, for what came before it, and when none
 * comes about.
 */
export function subscribeInBackground(
  channel: { readonly notify: NotifyAdapter | undefined; readonly events: EventSink },
  topics: readonly WakeUpTopic[],
  onWakeUp: () => void,
): BackgroundSubscription {
  const { notify, events } = channel;
  let isEnded = false;
  let subscription: WakeUpSubscription | undefined;
  const wake = (): void => {
    if (!isEnded) onWakeUp();
  };
  const tell = (error: unknown): void => events.emit([{ name: "notify.unavailable", error }]);
  const close = (standing: WakeUpSubscription): void => {
    standing.close().catch(tell);
  };
  const subscribe = async (): Promise<void> => {
    try {
      subscription = await notify?.subscribe({ topics, onWakeUp: wake });
    } catch (error) {
      tell(error);
    }
    if (isEnded && subscription !== undefined) close(subscription);
    wake();
  };
  void subscribe();
  return {
    end() {
      if (isEnded) return;
      isEnded = true;
      if (subscription !== undefined) close(subscription);
    },
  };
}
