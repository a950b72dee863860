import { everythingKey, type Key } from "./topic-keys.ts";

/** Who is woken for which key, in this process. A subscriber costs entries of a map, and nothing in the database (trap B9). */
export interface Subscribers {
  readonly count: number;
  /** Adds a subscriber. `onWakeUp` is called soon after a wake-up; several before that become one call. */
  add(keys: readonly Key[], onWakeUp: () => void): Subscriber;
  /** Wakes those of any of the keys. */
  wake(keys: readonly Key[]): void;
  wakeAll(): void;
  endAll(): void;
}

export interface Subscriber {
  /** After this it is not called any more. */
  end(): void;
}

interface Member {
  readonly onWakeUp: () => void;
  isWoken: boolean;
  isEnded: boolean;
}

export function createSubscribers(): Subscribers {
  const members = new Map<Member, () => void>();
  const byKey = new Map<Key, Set<Member>>();

  const wakeAll = (): void => {
    for (const member of members.keys()) wakeMember(member);
  };

  return {
    get count() {
      return members.size;
    },
    add(keys, onWakeUp) {
      const member: Member = { onWakeUp, isWoken: false, isEnded: false };
      for (const key of keys) addTo(byKey, key, member);
      const end = (): void => {
        member.isEnded = true;
        for (const key of keys) removeFrom(byKey, key, member);
        members.delete(member);
      };
      members.set(member, end);
      return { end };
    },
    wake(keys) {
      for (const key of keys) {
        if (key === everythingKey) wakeAll();
        else for (const member of byKey.get(key) ?? []) wakeMember(member);
      }
    },
    wakeAll,
    endAll() {
      for (const end of members.values()) end();
    },
  };
}

function wakeMember(member: Member): void {
  if (member.isWoken) return;
  member.isWoken = true;
  queueMicrotask(() => {
    member.isWoken = false;
    if (member.isEnded) return;
    try {
      member.onWakeUp();
    } catch {
      // The port forbids it to throw; whoever does shall not end the process by an error that nobody can catch.
    }
  });
}

function addTo(byKey: Map<Key, Set<Member>>, key: Key, member: Member): void {
  const set = byKey.get(key);
  if (set === undefined) byKey.set(key, new Set([member]));
  else set.add(member);
}

function removeFrom(byKey: Map<Key, Set<Member>>, key: Key, member: Member): void {
  const set = byKey.get(key);
  set?.delete(member);
  if (set?.size === 0) byKey.delete(key);
}
