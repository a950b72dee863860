import {
  listSuites,
  type ConformanceFixture,
  type ConformanceInstallation,
  type ConformanceStore,
  type ListedSkip,
} from "@queuert/conformance";
import { createMemoryNotifyAdapter, createMemoryNotifyHub } from "queuert";

import { memoryFixture } from "./memory-fixture.ts";
import { createPostgresFixture, nodePostgres } from "./postgres-fixture.ts";
import { createSqliteFixture } from "./sqlite-fixture.ts";

/** The pairs of a state and a notify adapter on which the behaviour suites run: every one that can be, the memory store having no file to watch. */
export const pairs: readonly ConformanceFixture[] = [
  createPair("memory × memory", memoryFixture, (installation) => installation, {
    skips: unshowable(),
  }),
  createPair("memory × polling", memoryFixture, withoutNotify, {
    skips: [...unshowable(), ...channelless()],
  }),
  createPair("sqlite (node:sqlite) × memory", createSqliteFixture("node:sqlite"), withMemoryNotify),
  createPair(
    "sqlite (node:sqlite) × sqlite",
    createSqliteFixture("node:sqlite"),
    (installation) => installation,
  ),
  createPair(
    "sqlite (better-sqlite3) × memory",
    createSqliteFixture("better-sqlite3"),
    withMemoryNotify,
  ),
  createPair(
    "sqlite (better-sqlite3) × sqlite",
    createSqliteFixture("better-sqlite3"),
    (installation) => installation,
  ),
  createPair(
    "postgres × postgres",
    createPostgresFixture(nodePostgres),
    (installation) => installation,
  ),
  createPair("postgres × polling", createPostgresFixture(nodePostgres), withoutNotify, {
    skips: channelless(),
  }),
];

function createPair(
  name: string,
  fixture: ConformanceFixture,
  pairWith: (installation: ConformanceInstallation) => ConformanceInstallation,
  options: { readonly skips?: readonly ListedSkip[] } = {},
): ConformanceFixture {
  return {
    name,
    kinds: ["behaviour"],
    capabilities: fixture.capabilities,
    skips: [
      ...(fixture.capabilities.includes("concurrentWriters") ? [] : oneWriter()),
      ...(options.skips ?? []),
    ],
    async createStore(): Promise<ConformanceStore> {
      const store = await fixture.createStore();
      return {
        ...pairWith(store),
        sibling: pairWith(store.sibling),
        dispose: () => store.dispose(),
      };
    },
  };
}

function withoutNotify({
  openNotify: _openNotify,
  ...installation
}: ConformanceInstallation): ConformanceInstallation {
  return installation;
}

function withMemoryNotify(installation: ConformanceInstallation): ConformanceInstallation {
  const hub = createMemoryNotifyHub();
  return { ...installation, openNotify: async () => createMemoryNotifyAdapter({ hub }) };
}

/** The cases about what a memory store has not. */
function unshowable(): readonly ListedSkip[] {
  return [
    ...skipCases(({ needs }) => needs === "ownRows", "The memory store holds no rows of the user."),
    ...skipCases(({ needs }) => needs === "schema", "The memory store has no schema."),
  ];
}

/** The cases about two that write at once. */
function oneWriter(): readonly ListedSkip[] {
  return skipCases(
    ({ needs }) => needs === "concurrentWriters",
    "The store has one writer, and operations of others wait for it.",
  );
}

/** The cases about wake-ups. */
function channelless(): readonly ListedSkip[] {
  return skipCases(
    (_, suite) => suite === "wake-ups" || suite === "notify-faults",
    "The pair has no channel: everything is found by polling, as the other cases show.",
  );
}

function skipCases(
  isSkipped: (candidate: { readonly needs?: unknown }, suite: string) => boolean,
  reason: string,
): readonly ListedSkip[] {
  return listSuites()
    .filter(({ kind }) => kind === "behaviour")
    .flatMap((suite) =>
      suite.cases
        .filter((candidate) => isSkipped(candidate, suite.name))
        .map(({ name }) => ({ case: name, reason })),
    );
}
