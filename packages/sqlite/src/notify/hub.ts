import type { WakeUpTopic } from "queuert/adapter";

/** A subscription, as publishers see it. */
export interface Listener {
  isFor(topicKey: string): boolean;
  /** Calls the subscriber soon; several wake-ups before that become one call. */
  wake(): void;
  /** After this the subscriber is not called any more. */
  end(): void;
}

/** Where the notify adapters of one installation meet in a process. Another prefix in the same file has a hub of its own (P9). */
export interface Hub {
  readonly listeners: Set<Listener>;
  createListener(topics: readonly WakeUpTopic[], onWakeUp: () => void): Listener;
  publish(topics: readonly WakeUpTopic[]): void;
  leave(): void;
}

const hubs = new Map<string, { readonly listeners: Set<Listener>; memberCount: number }>();

/** Joins the hub of an installation; it is there as long as it has members. */
export function joinHub(installationId: string): Hub {
  const shared = hubs.get(installationId) ?? { listeners: new Set<Listener>(), memberCount: 0 };
  hubs.set(installationId, shared);
  shared.memberCount += 1;
  let isMember = true;
  return {
    listeners: shared.listeners,
    createListener,
    publish(topics) {
      const keys = topics.map(formatTopic);
      for (const listener of shared.listeners)
        if (keys.some((key) => listener.isFor(key))) listener.wake();
    },
    leave() {
      if (!isMember) return;
      isMember = false;
      shared.memberCount -= 1;
      if (shared.memberCount === 0) hubs.delete(installationId);
    },
  };
}

function createListener(topics: readonly WakeUpTopic[], onWakeUp: () => void): Listener {
  const keys = new Set(topics.map(formatTopic));
  let isWoken = false;
  let isEnded = false;
  return {
    isFor: (topicKey) => keys.has(topicKey),
    wake() {
      if (isWoken || isEnded) return;
      isWoken = true;
      queueMicrotask(() => {
        isWoken = false;
        if (!isEnded) onWakeUp();
      });
    },
    end() {
      isEnded = true;
    },
  };
}

function formatTopic(topic: WakeUpTopic): string {
  switch (topic.kind) {
    case "type":
      return `type:${topic.type}`;
    case "chain":
      return `chain:${topic.chainId}`;
    case "worker":
      return `worker:${topic.workerId}`;
  }
}
