import type { DomainEvent, EmittedEvent, EventSubscriber } from "queuert";

type Named<TName extends DomainEvent["name"]> = Extract<EmittedEvent, { readonly name: TName }>;

/** What a client told, in order, and a way to wait for it. */
export interface EventLog {
  readonly subscriber: EventSubscriber;
  readonly all: readonly EmittedEvent[];
  names(): string[];
  named<TName extends DomainEvent["name"]>(name: TName): Named<TName>[];
  /** Resolves with the first event of that name that fits, of those that were told and those to come. */
  first<TName extends DomainEvent["name"]>(
    name: TName,
    fits?: (event: Named<TName>) => boolean,
  ): Promise<Named<TName>>;
  /** Resolves when what was told fulfils the condition. */
  until(condition: () => boolean): Promise<void>;
}

export function createEventLog(): EventLog {
  const all: EmittedEvent[] = [];
  const watchers = new Set<() => void>();
  const log: EventLog = {
    subscriber(events) {
      all.push(...events);
      for (const watch of watchers) watch();
    },
    all,
    names: () => all.map(({ name }) => name),
    named: (name) => all.filter((event) => event.name === name) as never,
    async first(name, fits = () => true) {
      const find = () => log.named(name).find((event) => fits(event));
      await log.until(() => find() !== undefined);
      return find()!;
    },
    until: (condition) =>
      new Promise((resolve) => {
        const watch = (): void => {
          if (!condition()) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
      }),
  };
  return log;
}
