/** The promises of ARCHITECTURE.md, and the traps that other queues fell into. Each has cases, or stands in {@link tagsShownElsewhere}. */
export const allTags: readonly string[] = [
  ...numbered("P", 9),
  ...numbered("A", 15),
  ...numbered("B", 12),
  "B7b",
  ...numbered("C", 18),
  "C8b",
  ...numbered("D", 11),
  ...numbered("E", 5),
  ...numbered("F", 7),
  "G",
  ...numbered("Q", 11),
];

function numbered(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
}

const engineLevel = "Engine level: the behaviour suite.";

/** Tags that no case of the state and notify suites can show, and where they are shown. A tag that has cases may not stand here. */
export const tagsShownElsewhere: Readonly<Record<string, string>> = {
  A12: "Restarting a server in the middle of a job: no adapter holds session locks; server-restarts.variance of PostgreSQL.",
  B1: "A half-open LISTEN connection: the variance tests of the PostgreSQL notify adapter, with a proxy.",
  B2: "LISTEN behind transaction pooling: the variance tests of the PostgreSQL notify adapter, with PgBouncer.",
  B3: "Reconnecting to a database that is down: engine level, and variance tests with a server that stops.",
  B4: "Reconnecting to Redis: the Redis adapter's variance tests.",
  C3: "Secondary indexes with SKIP LOCKED: MySQL only: variance tests.",
  C4: "A connection pool smaller than the workers: pools.variance of PostgreSQL.",
  C7: "Claims beside a transaction held for minutes: pages are counted by held-transaction.contract of PostgreSQL, time is measured in benchmarks/.",
  C9: "Plans that flip with statistics: plans/ of PostgreSQL and the sql contract of SQLite explain their statements.",
  C12: "Locks taken by a migration under load: migrate.variance of PostgreSQL; SQLite has one writer.",
  C14: "Moving partitions: partitions.variance of PostgreSQL moves chains beside writers.",
  C15: "Making partitions ahead of time: partitions.variance of PostgreSQL, with a clock that crosses the boundary.",
  C17: "PgBouncer with prepared statements: the whole contract runs behind it, without them.",
  D7: "Cron over daylight-saving changes is decided by model/, and tested there.",
  D8: engineLevel,
  D9: engineLevel,
  D10: engineLevel,
  E4: "Memory over a million chains: the soak run, since time and a process of its own are needed.",
  E5: "Memory of a worker over hours: the soak run.",
  F3: "The index behind a key: the sql contract of each database explains its statements.",
  F4: "Limits across workers: engine level, the behaviour suite.",
  F5: "The cost of a global limit: measured in benchmarks/.",
  F6: "Limits across workers: engine level, the behaviour suite.",
  Q3: "The cost of a claim beside a backlog: benchmarks/; its result stands in C8 and C8b.",
  Q5: "A worker that dies inside its transaction: P5 and D4 show the port's part; e2e kills processes.",
  Q8: "The number of indexes: the sql contract of each database.",
  Q9: "Foreign keys between jobs: none; the races that they lost stand in C1 and C2.",
  Q10: "Round trips per job: the sql contract counts statements, and benchmarks/ measures.",
};
