import type { NotifyAdapter } from "../../ports/notify-adapter.ts";
import type { Faults } from "./faults.ts";
import type { VirtualProcess } from "./virtual-process.ts";
import type { Simulator } from "./simulator.ts";

/** A process's way to the channel: wake-ups are dropped, come late or twice, and a publish may fail. */
export function createFaultyNotifyAdapter(
  simulator: Simulator,
  faults: Faults,
  process: VirtualProcess,
  inner: NotifyAdapter,
): NotifyAdapter {
  return {
    name: inner.name,
    async publish(topics) {
      await simulator.wait(0, process);
      if (faults.isPublishFailed()) throw new Error("The channel is down.");
      await inner.publish(topics);
    },
    async subscribe({ topics, onWakeUp }) {
      let isOpen = true;
      const subscription = await inner.subscribe({
        topics,
        onWakeUp: () => {
          for (const delayMs of faults.wakeUpDelaysMs(process.name))
            simulator.schedule(delayMs, () => isOpen && onWakeUp(), process);
        },
      });
      const forget = process.onDeath(() => void subscription.close());
      return {
        close: async () => {
          isOpen = false;
          forget();
          await subscription.close();
        },
      };
    },
    close: async () => {},
  };
}
