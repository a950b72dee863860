import type { Meter } from "@opentelemetry/api";
import type { TracedWorker } from "queuert";

import { ownAttributeNames as own } from "../conventions/attributes.ts";

/** Observes the slots of this process's workers, all together. */
export interface SlotObserver {
  add(worker: TracedWorker): void;
  delete(worker: TracedWorker): void;
}

/** Read when it is collected, so that no missed event can leave a slot busy for ever. */
export function createSlotObserver(meter: Meter): SlotObserver {
  const workers = new Set<TracedWorker>();
  // Once there was a worker, zeros are observed: a reader that accumulates repeats the last value of what is not.
  let hasWorked = false;
  const sum = (count: (worker: TracedWorker) => number): number =>
    [...workers].reduce((total, worker) => total + count(worker), 0);
  meter
    .createObservableUpDownCounter("queuert.worker.slot.usage", {
      unit: "{slot}",
      description: "The slots of this process's workers.",
    })
    .addCallback((result) => {
      if (!hasWorked) return;
      const busy = sum((worker) => worker.busySlotCount());
      result.observe(busy, { [own.slotState]: "busy" });
      const idle = sum((worker) => Math.max(0, worker.slotCount - worker.busySlotCount()));
      result.observe(idle, { [own.slotState]: "idle" });
    });
  meter
    .createObservableUpDownCounter("queuert.worker.slot.limit", {
      unit: "{slot}",
      description: "How many attempts this process's workers may run at once.",
    })
    .addCallback((result) => {
      if (hasWorked) result.observe(sum((worker) => worker.slotCount));
    });
  return {
    add(worker) {
      hasWorked = true;
      workers.add(worker);
    },
    delete: (worker) => void workers.delete(worker),
  };
}
